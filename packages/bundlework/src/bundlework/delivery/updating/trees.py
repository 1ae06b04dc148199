"""Files of a commit or a folder by their path, as git's trees."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .git import ask_git

# Maps the path of each file to git's words about the file: mode, kind and content.
Tree = dict[str, str]


def read_tree(root: Path, commit: str) -> Tree:
    """Reads the files of a commit or a tree."""
    entries = ask_git(root, "ls-tree", "-r", "-z", commit).split("\0")
    return {path: about for about, _, path in (e.partition("\t") for e in entries) if path}


def read_folder(root: Path, folder: Path, index: Path) -> Tree:
    """Reads a folder outside of the project into the project's repository."""
    environment = {
        "GIT_DIR": ask_git(root, "rev-parse", "--absolute-git-dir"),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(index),
    }
    # The person's own rules of what git ignores do not hold for the template.
    ask_git(folder, "add", "--all", "--force", **environment)
    return read_tree(root, ask_git(folder, "write-tree", **environment))


def write_tree(root: Path, tree: Tree, index: Path) -> str:
    """Writes files as a tree; returns git's name for the tree."""
    index.unlink(missing_ok=True)
    entries = "".join(f"{about}\t{path}\0" for path, about in tree.items())
    ask_git(root, "update-index", "-z", "--index-info", given=entries, GIT_INDEX_FILE=str(index))
    return ask_git(root, "write-tree", GIT_INDEX_FILE=str(index))


def pick(tree: Tree, places: Iterable[str]) -> Tree:
    """Takes the files at or under some paths."""
    chosen = tuple(places)
    return {path: about for path, about in tree.items() if is_under(path, chosen)}


def drop(tree: Tree, places: Iterable[str]) -> Tree:
    """Takes the files that are not at or under some paths."""
    chosen = tuple(places)
    return {path: about for path, about in tree.items() if not is_under(path, chosen)}


def is_under(path: str, places: tuple[str, ...]) -> bool:
    """Tells whether a file is at, or in a folder at, one of some paths."""
    return path in places or path.startswith(tuple(f"{place}/" for place in places))
