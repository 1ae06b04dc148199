"""`make update` takes over what the template changed, and keeps what the owner changed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from toy import (
    FILES,
    LINES,
    MAKE,
    MODULE,
    PROJECT,
    change,
    commit,
    git,
    make_project,
    make_template,
    read,
    update,
)

README = FILES["README.md"].replace("{{ cookiecutter.project_name }}", "Toy")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return make_template(tmp_path / "template")


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    return make_project(template, tmp_path / "projects")


def replace(text: str, line: int, by: str) -> str:
    return text.replace(LINES[line - 1], f"{by}\n")


def succeed(project: Path, *words: str, **environment: str) -> str:
    done = update(project, *words, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(project, "status", "--porcelain") == ""
    return done.stdout


def test_both_changes_are_in_one_commit_that_says_from_where_to_where(
    template: Path, project: Path
) -> None:
    old = git(template, "rev-parse", "HEAD")
    new = change(template, {"README.md": replace(FILES["README.md"], 3, "Theirs."), "new.py": "1"})
    commit(project, {"README.md": replace(README, 25, "Ours.")}, "Ours")
    said = succeed(project)
    assert (project / "README.md").read_text() == replace(
        replace(README, 25, "Ours."), 3, "Theirs."
    )
    assert (project / "new.py").read_text() == "1"
    title = f"Update from the template: {old[:7]} to {new[:7]}"
    assert git(project, "log", "--format=%s") == f"{title}\nOurs\nStart"
    assert f"{title}, 3 files" in said
    assert json.loads((project / ".template.json").read_text())["commit"] == new


def test_repeated_an_update_changes_nothing(template: Path, project: Path) -> None:
    change(template, {"new.py": "1"})
    succeed(project)
    head = git(project, "rev-parse", "HEAD")
    assert "up to date" in succeed(project)
    assert git(project, "rev-parse", "HEAD") == head


def test_a_version_may_be_a_branch_a_tag_or_a_commit(template: Path, project: Path) -> None:
    first = change(template, {"first.py": "1"})
    git(template, "tag", "v1")
    git(template, "branch", "next")
    change(template, {"second.py": "2"})
    succeed(project, "--version", "v1")
    assert "up to date" in succeed(project, "--version", "next")
    assert "up to date" in succeed(project, "--version", first[:8])
    assert "second.py" not in read(project)


def test_after_a_squashed_update_the_next_one_has_no_conflict(
    template: Path, project: Path
) -> None:
    start = git(project, "rev-parse", "HEAD")
    readme = replace(FILES["README.md"], 3, "Theirs.")
    change(template, {"README.md": readme})
    succeed(project)
    commit(project, {"notes.md": "ours"})
    git(project, "reset", "--quiet", "--soft", start)
    commit(project, {}, "Everything, squashed")
    change(template, {"README.md": replace(readme, 3, "Theirs again.").replace("Theirs.", "More.")})
    succeed(project)
    assert "More." in (project / "README.md").read_text()


def test_a_deleted_file_stays_deleted_though_the_template_changed_or_moved_it(
    template: Path, project: Path
) -> None:
    commit(project, {"notebooks/look.py": None, "src/toy/steps/second.py": None})
    change(
        template,
        {
            "notebooks/look.py": FILES["notebooks/look.py"] + "print(4)\n",
            "src/toy/steps/second.py": None,
            "src/toy/other.py": FILES["src/toy/steps/second.py"] + "# Moved.\n",
        },
    )
    said = succeed(project)
    assert "Stay deleted, although the template changed them: notebooks/look.py, src/toy/ot" in said
    assert not {"notebooks/look.py", "src/toy/other.py"} & set(read(project))


def test_a_moved_folder_takes_the_owners_changes_and_files_along(
    template: Path, project: Path
) -> None:
    ours = MODULE.replace("x + 7", "x + 70")
    commit(project, {"src/toy/steps/first.py": ours, "src/toy/steps/own.py": "OWN = 1\n"})
    steps = {n: t for n, t in FILES.items() if n.startswith("src/toy/steps/")}
    moved = {name.replace("steps", "rooms"): text for name, text in steps.items()}
    change(template, dict.fromkeys(steps) | moved)
    succeed(project)
    assert (project / "src/toy/rooms/first.py").read_text() == ours
    assert (project / "src/toy/rooms/own.py").read_text() == "OWN = 1\n"
    assert not (project / "src/toy/steps").exists()


def test_a_moved_file_of_which_less_than_half_was_left_takes_the_owners_changes_along(
    template: Path, project: Path
) -> None:
    ours = MODULE.replace("return x + 0\n", "return x\n", 1)
    commit(project, {"src/toy/steps/first.py": ours}, "Ours")
    added = "".join(f"def part_{n}(y: str) -> str:\n    return y * {n}\n\n\n" for n in range(9))
    moved = {"src/toy/steps/first.py": None, "src/toy/parts/one.py": MODULE + added}
    change(template, moved)
    succeed(project)
    assert (project / "src/toy/parts/one.py").read_text() == ours + added


def test_a_new_question_takes_its_default_or_a_given_answer(template: Path, project: Path) -> None:
    settings = json.dumps(MAKE | {"colour": "red"})
    commit(template, {"cookiecutter.json": settings, f"{PROJECT}/c": "{{cookiecutter.colour}}"})
    said = succeed(project)
    assert "Questions that take their default, unless you give --answer NAME=VALUE: colour" in said
    assert (project / "c").read_text() == "red"
    answers = json.loads((project / ".template.json").read_text())["answers"]
    assert answers == {"colour": "red", "project_name": "Toy"}
    succeed(project, "--answer", "colour=blue")
    assert (project / "c").read_text() == "blue"


def test_on_a_terminal_a_new_question_is_asked(template: Path, project: Path) -> None:
    settings = json.dumps(MAKE | {"colour": "red"})
    commit(template, {"cookiecutter.json": settings, f"{PROJECT}/c": "{{cookiecutter.colour}}"})
    terminal, end = pty.openpty()
    os.write(terminal, b"\ngreen\n")
    done = update(project, stdin=end)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Questions without an answer: colour" in done.stdout
    assert (project / "c").read_text() == "green"
    assert (project / "README.md").read_text() == README


def test_the_package_is_replaced_whole_and_the_owners_edits_are_listed_before(
    template: Path, project: Path
) -> None:
    commit(project, {"vendor/bundlework/pack.py": "VERSION = 'ours'\n"})
    head = git(project, "rev-parse", "--short", "HEAD")
    change(template, {"vendor/bundlework/pack.py": "VERSION = 2\n", "vendor/bundlework/b.py": "2"})
    said = succeed(project)
    assert f"git show {head}:FILE still shows them:\n  vendor/bundlework/pack.py\n" in said
    assert (project / "vendor/bundlework/pack.py").read_text() == "VERSION = 2\n"
    assert (project / "vendor/bundlework/b.py").exists()


def test_a_project_that_gets_the_package_from_elsewhere_gets_no_copy(
    template: Path, project: Path
) -> None:
    commit(project, {"vendor/bundlework/pack.py": None})
    change(template, {"vendor/bundlework/pack.py": "VERSION = 2\n", "vendor/bundlework/b.py": "2"})
    succeed(project)
    assert not [name for name in read(project) if name.startswith("vendor/")]


def test_what_is_made_from_the_project_is_renewed_and_never_merged(
    template: Path, project: Path
) -> None:
    readme = FILES["README.md"]
    change(template, {"README.md": f"{readme}More.\n", "docs/bundle.md": "32\n", "uv.lock": "x"})
    settings, lock = (FILES[n].replace("0.1.0", "0.2.0") for n in ("pyproject.toml", "uv.lock"))
    commit(project, {"docs/bundle.md": "ours\n", "pyproject.toml": settings, "uv.lock": lock})
    succeed(project)
    assert (project / "docs/bundle.md").read_text() == "32\n"
    assert 'version = "0.2.0"' in (project / "uv.lock").read_text()


def test_a_lock_that_the_owner_never_changed_becomes_the_templates(
    template: Path, project: Path
) -> None:
    settings, lock = (FILES[n].replace("0.1.0", "0.2.0") for n in ("pyproject.toml", "uv.lock"))
    change(template, {"pyproject.toml": settings, "uv.lock": lock + "# As tested.\n"})
    succeed(project)
    assert (project / "uv.lock").read_text() == lock + "# As tested.\n"


def test_a_page_that_the_owner_deleted_is_not_written_again(template: Path, project: Path) -> None:
    commit(project, {"docs/bundle.md": None, "docs/own.md": "ours\n"})
    change(template, {"new.py": "1"})
    succeed(project)
    assert not (project / "docs/bundle.md").exists()


def test_a_conflict_is_gits_and_a_line_says_how_to_end_it(template: Path, project: Path) -> None:
    new = change(
        template,
        {
            "README.md": replace(FILES["README.md"], 5, "Theirs."),
            "pyproject.toml": FILES["pyproject.toml"].replace("0.1.0", "0.3.0"),
        },
    )
    commit(project, {"README.md": replace(README, 5, "Ours."), "notebooks/look.py": None})
    before, head = read(project), git(project, "rev-parse", "HEAD")

    done = update(project)
    assert done.returncode == 1
    conflict, advice = done.stderr.splitlines()
    assert conflict == "CONFLICT (content): Merge conflict in README.md"
    words = "git add --all && git cherry-pick --continue && make lock && make update VERSION="
    assert advice.startswith(f"Mend these files, then run: {words}{new[:7]} (")
    assert "Ours." in (project / "README.md").read_text()
    assert update(project).stderr.startswith("An update has begun: mend the files")

    git(project, "cherry-pick", "--abort")
    assert (read(project), git(project, "rev-parse", "HEAD")) == (before, head)
    assert git(project, "status", "--porcelain") == ""

    assert update(project).returncode == 1
    (project / "README.md").write_text(replace(README, 5, "Both."))
    git(project, "add", "--all")
    git(project, "-c", "core.editor=true", "cherry-pick", "--continue")
    subprocess.run(["make", "lock"], cwd=project, check=True)
    assert "up to date" in succeed(project, "--version", new[:7])
    assert 'version = "0.3.0"' in (project / "uv.lock").read_text()
    assert git(project, "log", "-1", "--format=%s") == (
        "Renew the lock file and the pages after the update"
    )


def spoil_docs(template: Path, project: Path) -> None:
    change(template, {"Makefile": FILES["Makefile"] + "\t@exit 1\n"})


def spoil_lock(template: Path, project: Path) -> None:
    change(template, {"pyproject.toml": "[project]\nname = 3\n"})


def spoil_rendering(template: Path, project: Path) -> None:
    change(template, {"README.md": "{{ cookiecutter.nothing }}"})


def lose_version(template: Path, project: Path) -> None:
    record = json.loads((project / ".template.json").read_text()) | {"commit": "0" * 40}
    commit(project, {".template.json": json.dumps(record)})
    change(template, {"new.py": "1"})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_docs, "make --no-print-directory docs failed"),
        (spoil_lock, "make --no-print-directory lock failed"),
        (spoil_rendering, "The template cannot be rendered: "),
        (lose_version, f"The template has no version {'0' * 40}: say what it was made from with"),
    ],
)
def test_after_a_failure_the_project_is_as_it_was(
    spoil: Callable[[Path, Path], None], message: str, template: Path, project: Path
) -> None:
    spoil(template, project)
    before, head = read(project), git(project, "rev-parse", "HEAD")
    done = update(project)
    assert done.returncode == 2
    assert message in done.stderr
    assert (read(project), git(project, "rev-parse", "HEAD")) == (before, head)
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--version", "v9"], "The template has no version v9: give a tag, a branch or a commit"),
        (["--template", "/nowhere"], "/nowhere cannot be cloned: "),
        (["--template", "a/template.zip"], "a/template.zip is a zip, which has no versions: give"),
        (["--answer", "colour"], "--answer 'colour': write NAME=VALUE"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    words: list[str], message: str, project: Path
) -> None:
    done = update(project, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


def test_a_dirty_tree_is_refused(template: Path, project: Path) -> None:
    change(template, {"new.py": "1"})
    for name in ("README.md", "unknown.txt", "uv.lock"):
        (project / name).open("a").write("x")
        done = update(project)
        assert done.stderr == "The project has changes that no commit has: commit or stash them\n"
        git(project, "stash", "--include-untracked")


def test_a_project_that_is_a_part_of_a_repository_is_refused(project: Path) -> None:
    (project / "part").mkdir()
    (project / "part/README.md").write_text("x")
    git(project, "add", "--all")
    done = update(project / "part")
    assert "is a part of the repository" in done.stderr


def test_without_a_record_the_most_alike_version_is_found(template: Path, tmp_path: Path) -> None:
    change(template, {"src/toy/steps/first.py": MODULE + "# Second version.\n"})
    project = make_project(template, tmp_path / "projects", recorded=False)
    made_from = git(template, "rev-parse", "HEAD")
    change(template, {"src/toy/steps/first.py": MODULE + "# Third version.\n"})
    commit(project, {"src/toy/steps/second.py": "ours\n"})
    said = succeed(project, "--template", str(template))
    assert f"Nothing records the project's version; {made_from[:7]} is most like it" in said
    assert "NAME=VALUE: project_name" in said
    assert (project / "src/toy/steps/first.py").read_text() == MODULE + "# Third version.\n"
    assert (project / "src/toy/steps/second.py").read_text() == "ours\n"


def test_a_project_that_is_like_no_version_is_refused_unless_a_record_says_otherwise(
    template: Path, tmp_path: Path
) -> None:
    few: dict[str, str | None] = {n: None for n in FILES if n not in ("README.md", "uv.lock")}
    unknown = make_project(template, tmp_path / "unknown", recorded=False)
    recorded = make_project(template, tmp_path / "recorded")
    change(template, {"new.py": "1"})
    commit(unknown, few)
    done = update(unknown, "--template", str(template))
    expected = "Only 2 of the 9 files of that version are in this project: give its answers with"
    assert done.stderr.startswith(expected)
    kept = {name: FILES[name] for name in ("Makefile", "pyproject.toml")}
    commit(recorded, few | kept | {"docs/own.md": "ours\n"})
    succeed(recorded)


def test_a_project_from_a_zip_needs_the_repository_and_a_version(
    template: Path, project: Path
) -> None:
    record = json.loads((project / ".template.json").read_text())
    zipped = {"template": "/former/template.zip", "commit": None}
    commit(project, {".template.json": json.dumps(record | zipped)})
    new = change(template, {"new.py": "1"})
    assert "is a zip, which has no versions: give the template's git" in update(project).stderr
    said = succeed(project, "--template", str(template), "--version", new)
    assert "Nothing records the project's version" in said
    record = json.loads((project / ".template.json").read_text())
    assert (record["template"], record["commit"]) == (str(template), new)


def test_a_project_without_history_gets_one_and_only_if_all_goes_well(
    template: Path, tmp_path: Path
) -> None:
    project = make_project(template, tmp_path / "projects", recorded=False)
    subprocess.run(["rm", "-rf", ".git"], cwd=project, check=True)
    spoil_docs(template, project)
    assert update(project, "--template", str(template)).returncode == 2
    assert not (project / ".git").exists()
    change(template, {"Makefile": FILES["Makefile"], "new.py": "1"})
    said = succeed(project, "--template", str(template))
    assert "it becomes a git repository with one commit" in said
    assert git(project, "rev-list", "--count", "HEAD") == "2"
    assert (project / "new.py").exists()


def test_without_a_record_or_a_template_a_line_says_what_to_give(
    template: Path, tmp_path: Path
) -> None:
    project = make_project(template, tmp_path / "projects", recorded=False)
    expected = "Nothing says which template this project is from: give TEMPLATE=ADDRESS\n"
    assert update(project).stderr == expected
