"""Projects that are older than the update, of a real version, adopt it and lose nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter
from rendering import ROOT
from toy import commit, git, read

# The last version with local/ and delivery/ in the project, and without a record.
FORMER = "2c17edc6c3f99089"
FEATURE, NOTEBOOK = "delays.py", "notebooks/explore.py"
PROJECT = "{{cookiecutter.__project_slug}}"
COST_CENTRE = re.compile(r"(cost_centre:\n.*?default: )\S+", re.DOTALL)
MISSING = subprocess.run(
    ["git", "cat-file", "-e", FORMER], cwd=ROOT, capture_output=True, check=False
).returncode
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the history up to {FORMER} is not here")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with what is not committed yet, and with a change of a notebook."""
    folder = tmp_path_factory.mktemp("address") / "template"
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    for name in git(ROOT, "ls-files", "--deleted").splitlines():
        (folder / name).unlink()
    for name in git(ROOT, "ls-files", "--modified", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    notebook = f"{PROJECT}/{NOTEBOOK}"
    commit(folder, {notebook: (folder / notebook).read_text() + "# Changed.\n"})
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A project of the former version."""
    former = tmp_path / "former"
    git(template, "worktree", "add", "--quiet", "--detach", str(former), FORMER)
    made = cookiecutter(str(former), no_input=True, output_dir=str(tmp_path / "projects"))
    git(template, "worktree", "remove", "--force", str(former))
    for name, value in (("user.name", "owner"), ("user.email", "owner@example.com")):
        git(Path(made), "config", name, value)
    return Path(made)


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Calls a program as a shell does; nothing is compiled for the few seconds of a test."""
    env = os.environ | {"PWD": str(folder), "UV_COMPILE_BYTECODE": "0"}
    for name in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"):
        env.pop(name, None)
    return subprocess.run(
        words,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def adopt(template: Path, project: Path) -> subprocess.CompletedProcess[str]:
    """Calls what the README says."""
    package = template / "packages" / "bundlework"
    return call(project, "uvx", "--quiet", "--from", str(package), "bundlework", "update")


def change_as_owner(name: str, text: str) -> str | None:
    """Changes a file as its owner would: a feature, a default, the README; removes the notebook."""
    if name == NOTEBOOK:
        return None
    if name.endswith(f"/features/{FEATURE}"):
        return text.replace('F.count("*")', "F.count(F.lit(1))")
    if name == "databricks.yml":
        return COST_CENTRE.sub(r'\1"4711"', text)
    return text.replace("# Flight Delays\n", "# Our flights\n", 1) if name == "README.md" else text


def apply_as_owner(files: dict[str, str]) -> dict[str, str]:
    changed = {name: change_as_owner(name, text) for name, text in files.items()}
    return {name: text for name, text in changed.items() if text is not None}


def test_what_the_owner_changed_stays_and_all_else_is_new(
    template: Path, project: Path, tmp_path: Path
) -> None:
    before = read(project)
    ours = apply_as_owner(before)
    assert sum(ours.get(name) != text for name, text in before.items()) == 4
    commit(project, dict.fromkeys(before) | ours, "Ours")

    done = adopt(template, project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FORMER[:7]} is most like it" in done.stdout
    assert f"Stay deleted, although the template changed them: {NOTEBOOK}" in done.stdout
    assert "These files are yours" not in done.stdout

    fresh = Path(cookiecutter(str(template), no_input=True, output_dir=str(tmp_path / "fresh")))
    expected, updated = apply_as_owner(read(fresh)), read(project)
    assert sorted(updated) == sorted(expected)
    assert updated == expected
    assert git(project, "status", "--porcelain") == ""
    assert call(project, "uv", "lock", "--check").returncode == 0

    validated = call(project, "uv", "run", "--no-sync", "bundlework", "validate")
    assert validated.returncode == 0, validated.stdout
    linted = call(project, "uv", "run", "--no-sync", "ruff", "check", ".")
    assert linted.returncode == 0, linted.stdout
    typed = call(project, "make", "update", f'TEMPLATE=x"; touch {tmp_path}/typed; "')
    assert "cannot be cloned" in typed.stderr
    assert not (tmp_path / "typed").exists()


def test_lines_that_both_changed_are_gits_conflict_and_nothing_is_lost(
    template: Path, project: Path
) -> None:
    settings = (project / "pyproject.toml").read_text()
    ours = settings.replace('files = ["src", "local", "delivery"]', 'files = ["src", "local"]')
    runner = "# Ours.\n" + (project / "local/runner.py").read_text()
    commit(project, {"pyproject.toml": ours, "local/runner.py": runner, "local/own.py": "x = 1\n"})
    before, head = read(project), git(project, "rev-parse", "HEAD")

    done = adopt(template, project)
    assert done.returncode == 1, done.stdout + done.stderr
    conflict, advice = done.stderr.splitlines()
    assert conflict == "CONFLICT (content): Merge conflict in pyproject.toml"
    assert advice.startswith("Mend these files, then run: git add --all && git cherry-pick --cont")
    assert f"git show {head[:7]}:FILE still shows them:\n  local/own.py\n  local/r" in done.stdout
    assert 'files = ["src", "local"]\n' in (project / "pyproject.toml").read_text()
    assert git(project, "show", f"{head}:local/own.py") == "x = 1"
    git(project, "cherry-pick", "--abort")
    assert (read(project), git(project, "rev-parse", "HEAD")) == (before, head)
