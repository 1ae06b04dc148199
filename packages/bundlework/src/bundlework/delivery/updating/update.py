"""`make update`: the template's change between two versions becomes one commit of the project."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundlework.errors import refuse

from .applying import apply_commit, commit_change, name_author
from .difference import RENEWED, Difference, compare, find_reasons
from .git import ask_git
from .origin import Origin, find_own_template, read_origin, write_origin
from .project import check_tree, commit_all, list_changes, renew, restoring
from .rendering import Rendering, render
from .trees import Tree, read_folder, read_tree
from .versions import check_out, clone_template, find_commit, find_likeliest

SHORT = 7


@dataclass(frozen=True)
class Step:
    """An update from one version to another.

    Attributes:
        template: A clone.
        old: A commit of it, and likewise `new`.
        given: Answers that the person gives now.
        scratch: A folder for everything that the project does not keep.
    """

    template: Path
    old: str
    new: str
    given: Mapping[str, str]
    scratch: Path

    @property
    def title(self) -> str:
        """The message of the commit."""
        return f"Update from the template: {self.old[:SHORT]} to {self.new[:SHORT]}"


def update(root: Path, template: str, version: str, made_from: str, answers: Sequence[str]) -> int:
    """Takes a version of the template over, the newest one if none is named.

    Returns:
        1 where the owner and the template changed the same lines; the owner goes on from there.

    Raises:
        Refusal: The project has changes that no commit has, its version or the template is not
            known, or something failed; the project is as it was then.
    """
    origin, given = read_origin(root), parse_answers(answers)
    name_author(root, origin.answers if origin else given)
    check_tree(root, RENEWED)
    address = find_address(template or (origin.template if origin else find_own_template()))
    with tempfile.TemporaryDirectory(prefix="update-") as folder:
        scratch = Path(folder).resolve()
        clone = clone_template(address, scratch / "template")
        new = find_commit(clone, version, "give a tag, a branch or a commit")
        if origin and (origin.template, origin.commit) == (address, new) and not given:
            return finish(root, new)
        check_tree(root)
        with restoring(root):
            made_from = made_from or find_version(root, clone, origin)
            old = find_commit(clone, made_from, "say what it was made from with --made-from")
            step = Step(clone, old, new, given, scratch)
            return take_over(root, step, Origin(address, new, origin.answers if origin else {}))


def parse_answers(words: Sequence[str]) -> dict[str, str]:
    """Splits NAME=VALUE.

    Raises:
        Refusal: A word has no equals sign.
    """
    refuse([f"--answer {word!r}: write NAME=VALUE" for word in words if "=" not in word])
    return dict(word.split("=", 1) for word in words)


def find_address(template: str) -> str:
    """Makes the path of a folder or zip absolute: the record is read from anywhere."""
    return str(Path(template).resolve()) if template and Path(template).exists() else template


def find_version(root: Path, clone: Path, origin: Origin | None) -> str:
    """Finds the version that the project was made from; asks where nothing records one."""
    if origin and origin.commit:
        return origin.commit
    likely = find_likeliest(clone, root)
    print(f"Nothing records the project's version; {likely[:SHORT]} is most like it")
    asked = "Version that the project was made from (Enter: that one): "
    return (sys.stdin.isatty() and input(asked).strip()) or likely


def take_over(root: Path, step: Step, wanted: Origin) -> int:
    """Applies the difference between both versions' renderings to the project."""
    change = compare_versions(root, step, wanted)
    announce_edits(root, change)
    commit = commit_change(root, change, step.scratch / "index", step.title)
    deleted, conflicts = apply_commit(root, commit)
    if deleted:
        print(f"Stay deleted, although the template changed them: {', '.join(deleted)}", flush=True)
    if conflicts:
        return advise(conflicts, step.new)
    renew(root)
    commit_all(root, "--amend", "--message", step.title)
    print_summary(root, step)
    return 0


def compare_versions(root: Path, step: Step, wanted: Origin) -> Difference:
    """Renders both versions and compares them."""
    old = render_version(step, step.old, {**step.given, **wanted.answers})
    new = render_version(step, step.new, {**old.answers, **step.given})
    write_origin(new.folder, Origin(wanted.template, wanted.commit, new.answers))
    before, after = (read_rendering(root, each.folder, step.scratch) for each in (old, new))
    head = read_tree(root, "HEAD")
    if not wanted.answers:
        refuse(list(find_reasons(head, before)))
    return compare(head, before, after)


def render_version(step: Step, commit: str, answers: Mapping[str, str]) -> Rendering:
    """Renders a commit of the template."""
    folder = step.scratch / f"version-{commit}"
    if not folder.exists():
        check_out(step.template, commit, folder)
    return render(folder, answers, Path(tempfile.mkdtemp(dir=step.scratch)) / "rendering")


def read_rendering(root: Path, folder: Path, scratch: Path) -> Tree:
    """Reads a rendering into the project's repository."""
    return read_folder(root, folder, Path(tempfile.mkdtemp(dir=scratch)) / "index")


def announce_edits(root: Path, change: Difference) -> None:
    """Lists the owner's files in folders that are replaced or removed whole."""
    if change.edited:
        head = ask_git(root, "rev-parse", "--short", "HEAD")
        print("These files are yours, in folders that the template replaces or removes.")
        print(f"They go; git show {head}:FILE still shows them:")
        print("\n".join(f"  {path}" for path in change.edited), flush=True)


def advise(conflicts: Sequence[str], new: str) -> int:
    """Prints git's conflicts and what to do, in one line."""
    print("\n".join(conflicts), file=sys.stderr)
    words = "git add --all && git cherry-pick --continue && make lock && make update"
    print(
        f"Mend these files, then run: {words} VERSION={new[:SHORT]}"
        " (or git cherry-pick --abort, and all is as before)",
        file=sys.stderr,
    )
    return 1


def finish(root: Path, commit: str) -> int:
    """Renews the lock and the pages, which an update that met a conflict has not done yet."""
    renew(root)
    if list_changes(root):
        commit_all(root, "--message", "Renew the lock file and the pages after the update")
    print(f"The project is up to date with {commit[:SHORT]} of the template")
    return 0


def print_summary(root: Path, step: Step) -> None:
    """Says what the update did."""
    changed = ask_git(root, "diff", "--name-only", "--no-renames", "HEAD~1", "HEAD").splitlines()
    print(f"{step.title}, {len(changed)} files")
    print("Look at the commit with git show --stat, then run: make check test")
