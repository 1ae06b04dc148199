"""Paths of files, as the YAML names them and as a workspace will have them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from .yaml_source import Path_, Written

# Endings that a workspace leaves out of a notebook's name, and the mark of each kind of file.
HEADERS = {
    ".py": "# Databricks notebook source",
    ".r": "# Databricks notebook source",
    ".scala": "// Databricks notebook source",
    ".sql": "-- Databricks notebook source",
}
NOTEBOOK_EXTENSIONS = (*HEADERS, ".ipynb")
# A visual editor's notebook, whose name stays whole.
DESIGNER = ".designer.ipynb"
# Options of pip that are followed by a file.
FILE_OPTIONS = ("-r ", "-e ")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# A package of an index, with extras, versions or an address.
PACKAGE = re.compile(
    r"[a-zA-Z0-9_-]+\s?(\[.*\])?\s?((==|!=|<=|>=|~=|>|<)\s?[\w.!+*-]+,?\s?)*( @ .*)?"
)
OPTION = re.compile(r"(^|\s)--?[a-zA-Z0-9-]+([\s=]|$)")

TASK_PATHS = (
    (("notebook_task", "notebook_path"), "notebook"),
    (("spark_python_task", "python_file"), "file"),
    (("dbt_task", "project_directory"), "folder"),
    (("sql_task", "file", "path"), "file"),
    (("alert_task", "workspace_path"), "file"),
    (("libraries", "*", "requirements"), "file"),
    (("ai_runtime_task", "deployments", "*", "command_path"), "file"),
    (("libraries", "*", "whl"), "local"),
    (("libraries", "*", "jar"), "local"),
)
TASKS = (("jobs", "*", "tasks", "*"), ("jobs", "*", "tasks", "*", "for_each_task", "task"))
# Where resources name files, and what each is; `*` stands for any key or index.
PATHS: tuple[tuple[Path_, str], ...] = (
    *(((*task, *path), kind) for task in TASKS for path, kind in TASK_PATHS),
    (("jobs", "*", "environments", "*", "spec", "dependencies", "*"), "dependency"),
    (("apps", "*", "source_code_path"), "folder"),
    (("dashboards", "*", "file_path"), "content"),
    (("alerts", "*", "file_path"), "local"),
    (("genie_spaces", "*", "file_path"), "content"),
    (("pipelines", "*", "libraries", "*", "notebook", "path"), "notebook"),
    (("pipelines", "*", "libraries", "*", "file", "path"), "file"),
    (("pipelines", "*", "libraries", "*", "glob", "include"), "pattern"),
    (("pipelines", "*", "root_path"), "folder"),
    (("pipelines", "*", "environment", "dependencies", "*"), "dependency"),
)


def find_sync_root(root: Path, config: dict[str, Any]) -> Path:
    """The folder that is copied to a workspace: the bundle's, or one around it."""
    listed = (config.get("sync") or {}).get("paths") or []
    climbs = [_anchor(path).split("/").count("..") for path in listed if isinstance(path, str)]
    around = [root, *root.parents]
    return around[min(max(climbs, default=0), len(around) - 1)]


def anchor_paths(resources: dict[str, Any]) -> None:
    """Lets paths relate to the bundle's folder, and no longer to the file that they stand in."""
    for pattern, kind in PATHS:
        for path, holder, key in _find_places(resources, pattern):
            if not _is_in_git(resources, path) and _names_file(holder[key], kind):
                holder[key] = _anchor(holder[key])


def list_files(root: Path, resources: dict[str, Any]) -> None:
    """Replaces patterns in the libraries of pipelines by the files that they match."""
    for pipeline in (resources.get("pipelines") or {}).values():
        listed = pipeline.get("libraries")
        if listed:
            pipeline["libraries"] = [each for entry in listed for each in _expand(root, entry)]


def _expand(root: Path, library: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in ("notebook", "file"):
        path = (library.get(kind) or {}).get("path")
        if isinstance(path, str) and _names_file(path, kind):
            found = sorted(glob(path, root_dir=root, include_hidden=True))
            yield from ({**library, kind: {**library[kind], "path": each}} for each in found)
            if found:
                return
            break
    yield library


@dataclass(frozen=True)
class Translator:
    """Gives the files of a bundle the paths that a workspace will have them at.

    Attributes:
        root: The bundle's folder.
        sync_root: The folder that is copied.
        remote: Where to.
    """

    root: Path
    sync_root: Path
    remote: str

    def translate(self, resources: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
        """Replaces every path, and gives the paths in the YAML of those that lead nowhere."""
        for pattern, kind in PATHS:
            for path, holder, key in list(_find_places(resources, pattern)):
                text = holder[key]
                if _is_in_git(resources, path) or not _names_file(text, kind):
                    continue
                fault = self._judge(text, kind)
                if fault:
                    yield ("resources", *path), fault
                holder[key] = self._move(text, kind)

    def _move(self, text: str, kind: str) -> str:
        option, path = split_option(text)
        local = posixpath.relpath(posixpath.join(self.root.as_posix(), path), self.sync_root)
        if kind in ("local", "content"):
            return local
        if kind == "dependency" and not option:
            return local if local.startswith(".") else f"./{local}"
        if kind == "notebook":
            local = strip_extension(local)
        return option + posixpath.normpath(posixpath.join(self.remote, local))

    def _judge(self, text: str, kind: str) -> str | None:
        file = self.root / split_option(text)[1]
        check = JUDGES.get(kind)
        return check(file, text) if check else None


def _judge_notebook(file: Path, text: str) -> str | None:
    if not file.is_file():
        return f"there is no notebook {text}: add it, or correct the path"
    if not is_notebook(file):
        start = HEADERS.get(file.suffix.lower(), HEADERS[".py"])
        return f"{text} is a file and no notebook: begin it with {start!r}, or correct the path"
    return None


def _judge_file(file: Path, text: str) -> str | None:
    if not file.is_file():
        return f"there is no file {text}: add it, or correct the path"
    if is_notebook(file):
        return f"{text} is a notebook: name a file, or let a notebook_task run it"
    return None


def _judge_content(file: Path, text: str) -> str | None:
    return None if file.is_file() else f"there is no file {text}: add it, or correct the path"


def _judge_folder(file: Path, text: str) -> str | None:
    return None if file.is_dir() else f"there is no folder {text}: add it, or correct the path"


JUDGES: dict[str, Callable[[Path, str], str | None]] = {
    "notebook": _judge_notebook,
    "file": _judge_file,
    "content": _judge_content,
    "folder": _judge_folder,
}


def is_notebook(file: Path) -> bool:
    """Whether a workspace takes a file for a notebook."""
    suffix = file.suffix.lower()
    if suffix == ".ipynb":
        return True
    with file.open(encoding="utf-8", errors="replace") as content:
        return suffix in HEADERS and content.readline().rstrip("\r\n") == HEADERS[suffix]


def strip_extension(path: str) -> str:
    """A notebook's path, as a workspace has it."""
    stem, extension = posixpath.splitext(path)
    is_stripped = extension.lower() in NOTEBOOK_EXTENSIONS and not path.endswith(DESIGNER)
    return stem if is_stripped else path


def split_option(text: str) -> tuple[str, str]:
    """An option of pip before a path, if there is one, and the path."""
    for option in FILE_OPTIONS:
        if text.startswith(option):
            return option, text.removeprefix(option).strip()
    return "", text


def _names_file(value: Any, kind: str) -> bool:
    """Whether a value names a file of the project, and no place in a workspace or an index."""
    if not isinstance(value, str) or not value:
        return False
    option, path = split_option(value)
    if path.startswith(("/", "${")) or SCHEME.match(path):
        return False
    if kind != "dependency" or option:
        return True
    return path.startswith(".") or not (OPTION.search(path) or PACKAGE.fullmatch(path))


def _anchor(text: str) -> str:
    option, path = split_option(text)
    folder = text.folder if isinstance(text, Written) else "."
    return option + posixpath.normpath(posixpath.join(folder, path))


def _is_in_git(resources: dict[str, Any], path: Path_) -> bool:
    """Whether a path belongs to a job whose files come from a repository, not from the bundle."""
    return path[0] == "jobs" and bool(resources["jobs"][path[1]].get("git_source"))


def _find_places(value: Any, pattern: Path_, path: Path_ = ()) -> Iterator[tuple[Path_, Any, Any]]:
    """Path, holder and key of every value that a pattern leads to."""
    first, *rest = pattern
    if first == "*":
        keys = list(value) if isinstance(value, dict) else range(len(value))
    else:
        keys = [first] if isinstance(value, dict) and first in value else []
    for key in keys:
        if not rest:
            yield (*path, key), value, key
        elif isinstance(value[key], dict | list):
            yield from _find_places(value[key], tuple(rest), (*path, key))
