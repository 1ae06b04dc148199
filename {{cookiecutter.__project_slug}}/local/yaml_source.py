"""YAML with the place of every value, so that a fault can be named by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Path_ = tuple[Any, ...]


class BundleError(ValueError):
    """Faults of a bundle, one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Places:
    """Where each value was written.

    Attributes:
        files: Those that were read, in order.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: list[Path] = []
        self._lines: dict[Path_, str] = {}

    def add(self, path: Path_, file: Path, line: int) -> None:
        """Remembers a value's place; the first one stays."""
        self._lines.setdefault(path, f"{file.relative_to(self._root).as_posix()}:{line}")

    def describe(self, path: Path_, fault: str) -> str:
        """`file:line: path: fault`, by the nearest place that is known."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return f"{self._lines[path[:length]]}: {_join(path)}: {fault}"
        return f"databricks.yml: {_join(path)}: {fault}"


def _join(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def read_yaml(file: Path, places: Places) -> dict[str, Any]:
    """The file as a mapping.

    Raises:
        BundleError: The file is no YAML, or no mapping.
    """
    places.files.append(file)
    try:
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BundleError([f"{file.name}:{line}: broken YAML: {error.problem}"]) from None
    if not isinstance(content, dict):
        raise BundleError([f"{file.name}:1: a mapping is expected"])
    if node is not None:
        _locate(node, (), file, places)
    return content


def _locate(node: yaml.Node, path: Path_, file: Path, places: Places) -> None:
    places.add(path, file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            places.add((*path, key.value), file, key.start_mark.line + 1)
            _locate(value, (*path, key.value), file, places)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _locate(value, (*path, index), file, places)
