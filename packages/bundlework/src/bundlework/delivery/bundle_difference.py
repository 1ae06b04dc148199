"""How the bundles of two trees differ in a target, resolved without a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.merging import find_key
from bundlework.bundle.yaml_source import BundleError

# The parts of a bundle that a deployment carries out.
PARTS = ("resources", "workspace", "permissions", "mode", "presets", "run_as", "variables")
LONGEST = 80


def describe_bundle_difference(here: Path, there: Path) -> Iterator[str]:
    """A table for each target, of every value that changes."""
    targets = read_contract(here).targets
    for target in filter(None, (targets.staging, targets.production)):
        yield f"\n**{target}**\n"
        try:
            rows = list(compare(flatten(there, target), flatten(here, target)))
        except BundleError as error:
            yield f"One of the bundles cannot be read: {error}"
            continue
        if not rows:
            yield "Resources, workspace, permissions, presets and variables stay as they are."
            continue
        yield "| value | before | after |"
        yield "|---|---|---|"
        yield from rows


def flatten(root: Path, target: str) -> dict[str, str]:
    """Every value by its path, that of a resource being short; the commit always differs."""
    config = load_bundle(root, target).config
    commit = config["bundle"]["git"]["commit"]
    found = {".".join(path): str(value) for path, value in walk(select(config))}
    return {
        path.removeprefix("resources."): text.replace(commit, "COMMIT") if commit else text
        for path, text in found.items()
    }


def select(config: dict[str, Any]) -> dict[str, Any]:
    """The parts that a deployment carries out; of the workspace, the settings a person chose."""
    inside = f"{config['workspace']['root_path']}/"
    workspace = {
        name: value
        for name, value in config["workspace"].items()
        if name != "current_user" and not value.startswith(inside)
    }
    variables = {name: declared["value"] for name, declared in config["variables"].items()}
    parts = {part: config[part] for part in PARTS if part in config}
    return {**parts, "workspace": workspace, "variables": variables}


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value with its path; entries such as tasks are named by their key."""
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        key = find_key(path) or ""
        named = [isinstance(entry, dict) and entry.get(key) for entry in value]
        parts = [
            (name or str(i), part) for i, (name, part) in enumerate(zip(named, value, strict=True))
        ]
    else:
        yield path, value
        return
    for name, part in parts:
        yield from walk(part, (*path, name))


def compare(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """A row for each value that is not the same."""
    for path in sorted({*before, *after}):
        old, new = (_show(texts.get(path)) for texts in (before, after))
        if before.get(path) != after.get(path):
            yield f"| `{path}` | {old} | {new} |"


def _show(text: str | None) -> str:
    if text is None:
        return "absent"
    return "`" + shorten(text).replace("|", "\\|").replace("\n", " ") + "`"


def shorten(text: str, longest: int = LONGEST) -> str:
    """A text's beginning; all of it where it is short."""
    return text if len(text) <= longest else f"{text[:longest]}..."
