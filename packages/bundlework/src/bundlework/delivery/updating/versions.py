"""Finds versions of the template: commits of a clone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bundlework.errors import Refusal, refuse

from .git import ask_git, try_git

# Those that cookiecutter knows.
ABBREVIATIONS = {
    "gh:": "https://github.com/{}.git",
    "gl:": "https://gitlab.com/{}.git",
    "bb:": "https://bitbucket.org/{}",
}
# The template keeps the files of a project in a folder whose name begins so.
PROJECT = "{{cookiecutter."


def clone_template(address: str, folder: Path) -> Path:
    """Clones the template; nothing of the clone is checked out yet.

    Raises:
        Refusal: There is no address, the address is a zip's, or git cannot clone from there.
    """
    if not address:
        refuse(["Nothing says which template this project is from: give TEMPLATE=ADDRESS"])
    if address.endswith(".zip"):
        advice = "give the template's git repository and a version: TEMPLATE=ADDRESS VERSION=COMMIT"
        refuse([f"{address} is a zip, which has no versions: {advice}"])
    words = ("clone", "--quiet", "--no-checkout", complete_address(address), str(folder))
    done = try_git(folder.parent, *words)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        refuse([f"{address} cannot be cloned: {said}: give another address with TEMPLATE="])
    return folder


def complete_address(address: str) -> str:
    """Gives git an address that cookiecutter takes."""
    short, rest = address[:3], address[3:]
    return ABBREVIATIONS[short].format(rest) if short in ABBREVIATIONS else strip_kind(address)


def strip_kind(address: str) -> str:
    """Takes off the mark by which pip and cookiecutter know an address of git's."""
    return address.removeprefix("git+")


def find_commit(clone: Path, version: str, advice: str) -> str:
    """Finds the commit of a tag, a branch or a commit's name; the newest for no version.

    Raises:
        Refusal: The template has no such version.
    """
    for name in (f"refs/tags/{version}", f"refs/remotes/origin/{version}", version):
        found = try_git(clone, "rev-parse", "--verify", "--quiet", f"{name or 'HEAD'}^{{commit}}")
        if not found.returncode:
            return found.stdout.strip()
    raise Refusal(f"The template has no version {version}: {advice}")


def check_out(clone: Path, commit: str, folder: Path) -> Path:
    """Puts a version into a folder."""
    ask_git(clone, "worktree", "add", "--quiet", "--detach", str(folder), commit)
    return folder


def find_likeliest(clone: Path, root: Path) -> str:
    """Finds the version that the project's first commit has most files in common with.

    Versions that are equally like the project are told apart by their age: the newest one that is
    not younger than the project's first commit.
    """
    first = ask_git(root, "rev-list", "--max-parents=0", "HEAD").splitlines()[-1]
    born = int(ask_git(root, "log", "-1", "--format=%ct", first))
    present = set(list_blobs(root, first, ""))

    def judge(version: tuple[str, int]) -> tuple[int, int, bool, int]:
        blobs = set(list_blobs(clone, version[0], PROJECT))
        age = born - version[1]
        return len(blobs & present), -len(blobs - present), age >= 0, -abs(age)

    return max(list_versions(clone), key=judge)[0]


def list_versions(clone: Path) -> Iterator[tuple[str, int]]:
    """Lists all commits of the template with the second they were made in."""
    for line in ask_git(clone, "log", "--all", "--format=%H %ct").splitlines():
        commit, second = line.split()
        yield commit, int(second)


def list_blobs(repository: Path, commit: str, under: str) -> Iterator[str]:
    """Lists the contents, by git's name for each, of the files whose path begins so."""
    for entry in ask_git(repository, "ls-tree", "-r", "-z", commit).split("\0"):
        described, _, path = entry.partition("\t")
        if path.startswith(under) and described:
            yield described.split()[2]
