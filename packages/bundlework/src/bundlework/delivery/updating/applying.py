"""Applies the template's change to the project, with git's own means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bundlework.errors import refuse

from .difference import Difference
from .git import ask_git, try_git
from .trees import write_tree

# A file that the template moved takes the owner's changes along, and so does a folder.
SETTINGS = (
    "-c", "merge.renames=true", "-c", "merge.directoryRenames=true",
    "-c", "merge.renameLimit=20000", "-c", "core.editor=true",
)  # fmt: skip
# A file that was moved and changed in one release is still known by two lines of five.
MOVED = "-Xfind-renames=40%"
DELETED_BY_US = "DU"
UNMERGED = {DELETED_BY_US, "DD", "AU", "UD", "UA", "AA", "UU"}


def commit_change(root: Path, change: Difference, index: Path, message: str) -> str:
    """Commits both renderings, the new one as the old one's child; no branch has them."""
    before, after = (write_tree(root, tree, index) for tree in (change.before, change.after))
    parent = ask_git(root, "commit-tree", before, "-m", "The template's former version")
    return ask_git(root, "commit-tree", after, "-p", parent, "-m", message)


def apply_commit(root: Path, commit: str) -> tuple[list[str], list[str]]:
    """Applies a commit; a file that the owner deleted stays deleted.

    Returns:
        The files that stay deleted, and git's line for each conflict.

    Raises:
        Refusal: git cannot apply the commit, for another reason than conflicts.
    """
    done = try_git(root, *SETTINGS, "cherry-pick", MOVED, commit)
    unmerged = list_unmerged(root)
    if done.returncode and not unmerged:
        refuse([f"git cherry-pick failed: {done.stderr.strip()}"])
    deleted = [path for path, state in unmerged.items() if state == DELETED_BY_US]
    if deleted:
        ask_git(root, "rm", "--quiet", "--force", "--", *deleted)
    left = [path for path in unmerged if path not in deleted]
    if deleted and not left:
        ask_git(root, *SETTINGS, "cherry-pick", "--continue")
    return deleted, list_conflicts(done.stdout, left)


def list_unmerged(root: Path) -> dict[str, str]:
    """Lists the files with a conflict, and which side did what."""
    states = ask_git(root, "status", "--porcelain", "-z", "--no-renames").split("\0")
    return {line[3:]: line[:2] for line in states if line[:2] in UNMERGED}


def list_conflicts(said: str, left: list[str]) -> list[str]:
    """Takes git's lines about the files that have a conflict."""
    lines = [line for line in said.splitlines() if line.startswith("CONFLICT")]
    known = [line for line in lines if any(path in line for path in left)]
    return known or [f"CONFLICT in {path}" for path in left]


def name_author(root: Path, answers: Mapping[str, str]) -> None:
    """Lets git commit where git knows no author, as the template's hook does."""
    if try_git(root, "config", "user.email").returncode:
        for role in ("AUTHOR", "COMMITTER"):
            os.environ.setdefault(f"GIT_{role}_NAME", root.name)
            os.environ.setdefault(f"GIT_{role}_EMAIL", answers.get("owner_email", root.name))
