"""How the bundles of two trees differ in a target, resolved without a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from local.bundle import load_bundle
from local.yaml_source import BundleError

from .sources import walk

TARGETS = ("staging", "prod")
LONGEST = 80


def describe_bundle_difference(here: Path, there: Path) -> Iterator[str]:
    """A table for each target, of every value of a resource that changes."""
    for target in TARGETS:
        yield f"\n**{target}**\n"
        try:
            rows = list(compare(flatten(there, target), flatten(here, target)))
        except BundleError as error:
            yield f"One of the bundles cannot be read: {error}"
            continue
        if not rows:
            yield "The resources stay as they are."
            continue
        yield "| value | before | after |"
        yield "|---|---|---|"
        yield from rows


def flatten(root: Path, target: str) -> dict[str, str]:
    """Every text of the resources by its path; the commit, which always differs, left out."""
    bundle = load_bundle(root, target)
    commit = bundle.config["bundle"]["git"]["commit"]
    texts = walk(bundle.config["resources"], ("resources",))
    found = {".".join(map(str, path[1:])): text for path, text in texts}
    return {
        path: text.replace(commit, "COMMIT") if commit else text for path, text in found.items()
    }


def compare(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """A row for each value that is not the same."""
    for path in sorted({*before, *after}):
        old, new = (_show(texts.get(path)) for texts in (before, after))
        if before.get(path) != after.get(path):
            yield f"| `{path}` | {old} | {new} |"


def _show(text: str | None) -> str:
    if text is None:
        return "absent"
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return "`" + short.replace("|", "\\|").replace("\n", " ") + "`"
