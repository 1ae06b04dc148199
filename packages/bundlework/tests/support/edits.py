"""A bundle that somebody is still writing: every single edit of its YAML."""

from __future__ import annotations

import copy
import shutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import find_faults
from bundlework.errors import Refusal
from bundlework.laptop.playable import check_job

REMOVED = object()
# What an edit makes of a value.
EDITS: tuple[tuple[str, Any], ...] = (
    ("removed", REMOVED),
    ("emptied", None),
    ("a text", "text"),
    ("a number", 7),
    ("a list", ["text"]),
    ("a list of mappings", [{"text": "text"}]),
    ("a mapping", {"text": "text"}),
)


@dataclass(frozen=True)
class Edit:
    """One value of one file of a bundle, and what it becomes."""

    file: Path
    path: tuple[Any, ...]
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.file}: {'.'.join(map(str, self.path))} {self.name}"

    def apply(self, root: Path) -> None:
        """Writes the edited file."""
        content = yaml.load((root / self.file).read_text(encoding="utf-8"), yaml.CSafeLoader)
        content = copy.deepcopy(content)
        holder = content
        for part in self.path[:-1]:
            holder = holder[part]
        if self.value is REMOVED:
            del holder[self.path[-1]]
        else:
            holder[self.path[-1]] = copy.deepcopy(self.value)
        (root / self.file).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def list_edits(root: Path) -> list[Edit]:
    """Every edit of every value of a bundle's own files."""
    files = [root / "databricks.yml", root / "compute.yml", *sorted(root.glob("resources/*.yml"))]
    return [
        Edit(file.relative_to(root), path, name, value)
        for file in (*files, *sorted(root.glob("more/*.yml")))
        if file.exists()
        for path in _list_paths(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
        for name, value in EDITS
    ]


def _list_paths(value: Any) -> Iterator[tuple[Any, ...]]:
    entries = enumerate(value) if isinstance(value, list) else ()
    for name, part in value.items() if isinstance(value, dict) else entries:
        yield (name,)
        yield from ((name, *path) for path in _list_paths(part))


def try_edit(root: Path, edit: Edit, *, validates: bool) -> str:
    """What goes wrong with an edited bundle; empty where it resolves, or is refused in words.

    Args:
        validates: Whether all checks run, and not only what a run asks.
    """
    file = root / edit.file
    kept = file.read_bytes()
    try:
        edit.apply(root)
        return _try(root, validates)
    finally:
        file.write_bytes(kept)


def _try(root: Path, validates: bool) -> str:
    try:
        bundle = load_bundle(root)
        said = [line for job in bundle.jobs for line in _list_refusals(bundle, job)]
        said += find_faults(root) if validates else []
    except Refusal as refusal:
        said = str(refusal).splitlines()
    except Exception:  # what the test is about
        return traceback.format_exc(limit=-2)
    silent = [line for line in said if ": " not in line]
    return f"no place and no words: {silent}" if silent else ""


def _list_refusals(bundle: Any, job: str) -> list[str]:
    try:
        check_job(bundle, job)
    except Refusal as refusal:
        return str(refusal).splitlines()
    return []


def copy_bundle(source: Path, folder: Path) -> Path:
    """What the checks of a bundle read, without the rest of its project."""
    folder.mkdir(parents=True)
    for name in ("databricks.yml", "compute.yml", "pyproject.toml"):
        if (source / name).exists():
            shutil.copy(source / name, folder / name)
    for name in ("resources", "dashboards", "notebooks", "src", "more", "dbt"):
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source / name, folder / name, ignore=ignored)
    return folder
