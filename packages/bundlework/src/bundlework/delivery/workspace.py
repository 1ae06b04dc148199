"""Asks a target's workspace, and tells it what to do, through the Databricks CLI."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

from bundlework.bundle.loading import Bundle
from bundlework.errors import Refusal

from .programs import ask, run
from .running import record

# The CLI says one of these when a thing does not exist.
NOT_THERE = re.compile(
    r"(Job|Catalog|Schema|Model|Volume) \S+ does not exist"
    r"|Path \(.*\) doesn't exist|Resource \S+ not found"
    r"|[Oo]nline store .* (not found|does not exist)"
)


def ask_bundle(bundle: Bundle, verb: str, *options: str) -> str:
    """Runs `databricks bundle VERB` and returns its output."""
    return ask(bundle.root, "databricks", "bundle", verb, *options, "--target", bundle.target)


def run_bundle(bundle: Bundle, verb: str, *options: str) -> None:
    """Runs `databricks bundle VERB` under the user's eyes."""
    words = ("databricks", "bundle", verb, *options, "--target", bundle.target)
    run(bundle.root, *words, noted=partial(record, bundle.root))


def read_summary(bundle: Bundle) -> dict[str, Any]:
    """The bundle as the CLI resolves it; what the deployment's state knows has its `id`."""
    summary: dict[str, Any] = json.loads(ask_bundle(bundle, "summary", "-o", "json"))
    return summary


def list_ids(summary: dict[str, Any], kind: str) -> dict[str, str]:
    """The id of each resource of a kind that the deployment's state knows, by its key."""
    resources = summary.get("resources", {}).get(kind, {})
    return {key: str(found["id"]) for key, found in resources.items() if found.get("id")}


def ask_workspace(bundle: Bundle, *words: str) -> Any:
    """Asks the target's workspace through a command of the CLI, and parses the answer."""
    said = ask(bundle.root, "databricks", *words, "--output", "json", "--target", bundle.target)
    return json.loads(said)


def tell_workspace(bundle: Bundle, *words: str) -> None:
    """Changes something in the target's workspace through a command of the CLI."""
    ask(bundle.root, "databricks", *words, "--target", bundle.target)


def find_in_workspace(bundle: Bundle, *words: str) -> Any:
    """Asks the workspace about one thing; None where the thing does not exist.

    Raises:
        Refusal: Nobody knows: the workspace cannot be asked.
    """
    try:
        return ask_workspace(bundle, *words)
    except Refusal as error:
        if not NOT_THERE.search(str(error)):
            raise
        return None
