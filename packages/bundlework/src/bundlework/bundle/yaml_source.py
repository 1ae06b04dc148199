"""YAML with the place of every value, so that a fault can be named by file and line."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from bundlework.errors import Refusal

# The same as SafeLoader, but compiled.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path_ = tuple[Any, ...]
# Where a bundle begins.
MAIN = "databricks.yml"


class BundleError(Refusal):
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
        self._target: Path_ = ()

    def add(self, path: Path_, file: Path, line: int) -> None:
        """Remembers a value's place; the first one stays."""
        self._lines.setdefault(path, self.name(file, line))

    def add_all(self, other: Places) -> None:
        """Remembers another one's files and places; the first place of a value stays."""
        self.files += other.files
        self._lines = other._lines | self._lines

    def for_target(self, name: str) -> Places:
        """The same places, where what a target writes comes before what it overrides."""
        chosen = copy.copy(self)
        chosen._target = ("targets", name)
        return chosen

    def name(self, file: Path, line: int) -> str:
        """`file:line`, as seen from the bundle's folder."""
        return f"{file.relative_to(self._root).as_posix()}:{line}"

    def describe(self, path: Path_, fault: str) -> str:
        """`file:line: path: fault`, by the nearest place that is known."""
        parts = (path[:length] for length in range(len(path), -1, -1))
        written = (each for part in parts for each in self._list_places(part))
        return f"{next(written, f'{MAIN}:1')}: {_join(path)}: {fault}"

    def _list_places(self, path: Path_) -> Iterator[str]:
        # What a target adds to a list comes last there.
        in_list = any(isinstance(part, int) for part in path)
        own = (*self._target, *path)
        for each in (path, own) if in_list else (own, path):
            if each in self._lines:
                yield self._lines[each]


def _join(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def read_yaml(file: Path, places: Places) -> dict[str, Any]:
    """The file as a mapping.

    Raises:
        BundleError: The file is no text, no YAML, or no mapping.
    """
    places.files.append(file)
    text = _read_text(file, places)
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        content = (loader.construct_document(node) if node else None) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        fault = f"broken YAML: {error.problem}: correct what is there, or just before"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None
    except ReaderError as error:
        before, character, _ = text.partition(chr(error.character))
        line = before.count("\n") + 1
        fault = f"broken YAML: {character!r} may not be in it: remove the character"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None
    if not isinstance(content, dict):
        fault = "a mapping is expected: write keys such as resources:"
        raise BundleError([f"{places.name(file, 1)}: {fault}"])
    if node is not None:
        _locate(node, (), file, places)
    return content


def _read_text(file: Path, places: Places) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = "not written in UTF-8: save the file as UTF-8"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None


def _locate(node: yaml.Node, path: Path_, file: Path, places: Places) -> None:
    places.add(path, file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            places.add((*path, key.value), file, key.start_mark.line + 1)
            _locate(value, (*path, key.value), file, places)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _locate(value, (*path, index), file, places)
