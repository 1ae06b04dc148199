"""Says what an update changes in a project: two trees, of which git applies the difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from .origin import RECORD
from .trees import Tree, drop, pick

VENDORED = "vendor/bundlework"
# Made from the project itself, after the update: `make lock` and `make docs` write them.
PAGE = "docs/bundle.md"
RENEWED = ("uv.lock", "requirements.txt", "build-requirements.txt", PAGE)
# Fewer of the files that a version makes are not this project's version.
LIKENESS = 0.5


@dataclass(frozen=True)
class Difference:
    """The template's changes between two versions, as seen from the project.

    Attributes:
        replaced: Folders that are replaced or removed whole.
        edited: The owner's own files in these folders.
    """

    before: Tree
    after: Tree
    replaced: tuple[str, ...]
    edited: tuple[str, ...]


def compare(head: Tree, old: Tree, new: Tree) -> Difference:
    """Compares two renderings.

    Of everything that is replaced whole, `before` has the project's own files: git finds no change
    of the owner there, and so no conflict. A file that is renewed later begins as the template's if
    the owner never changed that file, and stays the owner's otherwise.
    """
    replaced = (*find_moved_folders(old, new), VENDORED)
    if has_left(head, old, VENDORED):
        new = drop(new, [VENDORED])
    owned = [place for place in RENEWED if head.get(place) != old.get(place)]
    whole = (*replaced, RECORD, *owned)
    before = {**drop(old, whole), **pick(head, whole)}
    after = {**drop(new, owned), **pick(head, owned)}
    edited = [p for p, about in pick(head, replaced).items() if old.get(p) != about]
    return Difference(before, after, replaced, tuple(edited))


def find_reasons(head: Tree, old: Tree) -> Iterator[str]:
    """Finds out why the project cannot be of a version that nothing records."""
    common = len(head.keys() & old.keys())
    if common < LIKENESS * len(old):
        advice = "give its answers with --answer NAME=VALUE, its version with --made-from COMMIT"
        yield f"Only {common} of the {len(old)} files of that version are in this project: {advice}"


def find_moved_folders(old: Tree, new: Tree) -> tuple[str, ...]:
    """Finds the top folders that moved into the package.

    The new version has nothing left in such a folder, and most of the folder's Python files have a
    namesake in the package.
    """
    gone = list_top_folders(old) - list_top_folders(new)
    names = {PurePath(path).name for path in pick(new, [VENDORED])}
    return tuple(folder for folder in sorted(gone) if has_moved(pick(old, [folder]), names))


def list_top_folders(tree: Tree) -> set[str]:
    """Lists the folders that are in no other."""
    return {path.split("/")[0] for path in tree if "/" in path}


def has_moved(files: Tree, names: set[str]) -> bool:
    """Tells whether most Python files have one of the names."""
    modules = [PurePath(path).name for path in files if path.endswith(".py")]
    return len(modules) < 2 * sum(name in names for name in modules)


def has_left(head: Tree, old: Tree, place: str) -> bool:
    """Tells whether the owner removed what the old version had there."""
    return bool(pick(old, [place])) and not pick(head, [place])
