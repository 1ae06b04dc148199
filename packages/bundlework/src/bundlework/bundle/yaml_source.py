"""YAML with the place of every value, so that a fault can be named by file and line."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from os.path import relpath
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import yaml
from yaml.reader import ReaderError

from bundlework.errors import Refusal

Path_ = tuple[Any, ...]
# The file in which a bundle begins, by the names that the CLI looks for.
MAIN = "databricks.yml"
MAIN_FILES = (MAIN, "databricks.yaml", "bundle.yml", "bundle.yaml")
# Scalars that the CLI reads as something other than text. PyYAML alone follows YAML 1.1, where
# `no` is false, `1:30` is 90 and `2013-01-01` a date.
SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads scalars as the CLI does."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _kind, _pattern, _first in SCALARS:
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), list(_first)
    )


def _construct_number(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(node.value)
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    base = {"x": 16, "o": 8, "b": 2}.get(digits[1:2], 10)
    return sign * int(digits if base == 10 else digits[2:], base)


Loader.add_constructor("tag:yaml.org,2002:int", _construct_number)


class Written(str):
    """A text of the YAML, and the folder of the file it is written in, to which paths relate.

    Attributes:
        folder: As seen from the bundle's folder.
    """

    folder: str

    def __new__(cls, text: str, folder: str) -> Written:
        """The text, with its folder."""
        written = super().__new__(cls, text)
        written.folder = folder
        return written

    def __deepcopy__(self, memo: object) -> Written:
        """The same text: it never changes."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """How to copy or keep the text."""
        return (Written, (str(self), self.folder))


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

    def get_folder(self, file: Path) -> str:
        """The file's folder, as seen from the bundle's."""
        return Path(relpath(file.parent, self._root)).as_posix()

    def name(self, file: Path, line: int) -> str:
        """`file:line`, as seen from the bundle's folder."""
        return f"{_name_file(file, self._root)}:{line}"

    def describe(self, path: Path_, fault: str) -> str:
        """`file:line: path: fault`, by the nearest place that is known."""
        parts = (path[:length] for length in range(len(path), -1, -1))
        written = (each for part in parts for each in self._list_places(part))
        first = self.name(self.files[0], 1) if self.files else f"{MAIN}:1"
        return f"{next(written, first)}: {_join(path)}: {fault}"

    def _list_places(self, path: Path_) -> Iterator[str]:
        # A target's entries come last in a list.
        in_list = any(isinstance(part, int) for part in path)
        own = (*self._target, *path)
        for each in (path, own) if in_list else (own, path):
            if each in self._lines:
                yield self._lines[each]


@cache
def _name_file(file: Path, root: Path) -> str:
    return Path(relpath(file, root)).as_posix()


def _join(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def read_yaml(file: Path, places: Places) -> dict[str, Any]:
    """The file as a mapping; every text in it knows the file's folder.

    Raises:
        BundleError: The file is no text, no YAML, or no mapping.
    """
    places.files.append(file)
    text = _read_text(file, places)
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _locate(node, (), file, places)
        content = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        fault = f"broken YAML: {error.problem}: correct what is there, or just before"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None
    except ReaderError as error:
        before, character, _ = text.partition(chr(error.character))
        line = before.count("\n") + 1
        fault = f"broken YAML: {character!r} may not be in it: remove the character"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None
    except ValueError as error:
        fault = f"broken YAML: {error}: correct the value"
        raise BundleError([f"{places.name(file, 1)}: {fault}"]) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        fault = "a mapping is expected: write keys such as resources:"
        raise BundleError([f"{places.name(file, 1)}: {fault}"])
    written: dict[str, Any] = write_down(content, places.get_folder(file))
    return written


def write_down(value: Any, folder: str) -> Any:
    """The value, where every text knows the folder that it is written in."""
    if isinstance(value, dict):
        return {key: write_down(part, folder) for key, part in value.items()}
    if isinstance(value, list):
        return [write_down(part, folder) for part in value]
    return Written(value, folder) if isinstance(value, str) else value


def _read_text(file: Path, places: Places) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = "not written in UTF-8: save the file as UTF-8"
        raise BundleError([f"{places.name(file, line)}: {fault}"]) from None


def _locate(
    node: yaml.Node, path: Path_, file: Path, places: Places, around: tuple[int, ...] = ()
) -> None:
    if id(node) in around:
        _fail(node, file, places, "an anchor contains itself: write the value out")
    around = (*around, id(node))
    places.add(path, file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                _fail(key, file, places, "a key is a list or a mapping: write a text")
            if not key.tag.endswith((":str", ":merge", ":null")):
                _fail(key, file, places, f"the key {key.value} is no text: put it in quotes")
            # A key `null` is a text, as the CLI reads it.
            key.tag = key.tag.replace(":null", ":str")
            inside = path if key.tag.endswith(":merge") else (*path, key.value)
            places.add(inside, file, key.start_mark.line + 1)
            _locate(value, inside, file, places, around)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _locate(value, (*path, index), file, places, around)


def _fail(node: yaml.Node, file: Path, places: Places, fault: str) -> NoReturn:
    raise BundleError([f"{places.name(file, node.start_mark.line + 1)}: {fault}"])
