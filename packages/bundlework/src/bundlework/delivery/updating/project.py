"""Keeps the project safe while it is updated, and renews what is made from the project itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bundlework.delivery.programs import run
from bundlework.errors import refuse

from .difference import PAGE
from .git import ask_git, try_git


def check_tree(root: Path, allowed: tuple[str, ...] = ()) -> None:
    """Refuses a project whose changes no commit has.

    Raises:
        Refusal: There are such changes; or the project is a folder of a larger repository.
    """
    top = find_top(root)
    if top and top != root:
        refuse([f"{root} is a part of the repository {top}: only a repository can be updated"])
    if top and has_commit(top, "CHERRY_PICK_HEAD"):
        advice = "mend the files that git status lists and run git cherry-pick --continue"
        refuse([f"An update has begun: {advice}, or undo it: git cherry-pick --abort"])
    if top and set(list_changes(root)) - set(allowed):
        refuse(["The project has changes that no commit has: commit or stash them"])


def find_top(root: Path) -> Path | None:
    """Finds the repository that has the project's files; a folder above may be one without."""
    top = try_git(root, "rev-parse", "--show-toplevel")
    if top.returncode:
        return None
    folder = Path(top.stdout.strip())
    is_inside = folder == root.resolve() or bool(ask_git(root, "ls-files", "--", "."))
    return (root if folder == root.resolve() else folder) if is_inside else None


def has_commit(root: Path, name: str) -> bool:
    """Tells whether git knows a commit by this name."""
    return not try_git(root, "rev-parse", "--verify", "--quiet", name).returncode


def list_changes(root: Path) -> list[str]:
    """Lists the files that differ from the last commit."""
    changes = ask_git(root, "status", "--porcelain", "-z", "--no-renames").split("\0")
    return [change[3:] for change in changes if change]


@contextmanager
def restoring(root: Path) -> Iterator[None]:
    """Leaves the project as it was when anything goes wrong, an interruption included.

    A project without history gets a repository with one commit first.
    """
    is_new = find_top(root) is None
    if is_new:
        begin_history(root)
    head = ask_git(root, "rev-parse", "HEAD")
    try:
        yield
    except BaseException:
        ask_git(root, "reset", "--quiet", "--hard", head)
        if is_new:
            shutil.rmtree(root / ".git")
        raise


def begin_history(root: Path) -> None:
    """Makes a project without history a repository."""
    print("The project has no history: it becomes a git repository with one commit")
    ask_git(root, "init", "--quiet", "--initial-branch=main")
    ask_git(root, "add", "--all")
    ask_git(root, "commit", "--quiet", "--message", "The project before its first update")


def renew(root: Path) -> None:
    """Writes anew what is made from the project; a page that was deleted stays away."""
    had_page = (root / PAGE).exists()
    for verb in ("lock", "docs"):
        run(root, "make", "--no-print-directory", verb)
    if not had_page:
        (root / PAGE).unlink(missing_ok=True)


def commit_all(root: Path, *words: str) -> None:
    """Commits what changed in files that git tracks; hooks judge what people write, not this."""
    ask_git(root, "add", "--update")
    ask_git(root, "commit", "--quiet", "--no-verify", *words)
