"""A release is cut from a tested main, tagged once, and never overtaken by an older one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from rendered import copy_project, edit

from bundlework.__main__ import main
from bundlework.delivery.changelog import close_section, read_section

CHANGELOG = "# Changelog\n\n## Unreleased\n\n- New feature.\n\n## 1.0.0, 2026-01-01\n\n- First.\n"
AZ = """#!/bin/sh
echo "$*" > "$0.called"
echo '[{"definition": {"name": "flight-delays-deploy-staging"}, "sourceVersion": "'%s'"}]'
"""
TESTED = "$(git rev-parse HEAD)"


@pytest.fixture(scope="module")
def unreleased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project, its origin, and the Azure CLI."""
    world = tmp_path_factory.mktemp("unreleased")
    project = copy_project(world / "project")
    (project / "CHANGELOG.md").write_text(CHANGELOG)
    put_az(world, TESTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        git("init", "-q", "--bare", "-b", "main", "../origin.git")
        git("config", "user.name", "tester")
        git("remote", "add", "origin", "../origin.git")
        git("add", "-A")
        git("commit", "-qm", "Say what changed")
        git("push", "-qu", "origin", "main")
    return world


@pytest.fixture(scope="module")
def cut(unreleased: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with release 1.1.0, made once: it resolves the lock file, which takes seconds."""
    world = tmp_path_factory.mktemp("cut") / "world"
    with pytest.MonkeyPatch.context() as patch:
        enter(unreleased, world, patch)
        assert main(["release", "--version", "1.1.0"]) == 0
    return world


@pytest.fixture
def project(unreleased: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(unreleased, tmp_path / "world", monkeypatch)


@pytest.fixture
def released(cut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(cut, tmp_path / "world", monkeypatch)


def enter(world: Path, copy: Path, patch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(world, copy)
    patch.chdir(copy / "project")
    patch.setenv("PATH", f"{copy}:{os.environ['PATH']}")
    return copy / "project"


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def put_az(folder: Path, commit: str) -> None:
    """An Azure CLI that knows one run that succeeded."""
    (folder / "az").write_text(AZ % commit)
    (folder / "az").chmod(0o755)


def test_a_release_is_a_branch_with_its_version_and_notes(released: Path) -> None:
    assert git("branch", "--show-current") == "release/1.1.0"
    assert 'version = "1.1.0"' in (released / "pyproject.toml").read_text()
    assert read_section((released / "CHANGELOG.md").read_text(), "1.1.0") == "- New feature."
    assert git("ls-remote", "origin", "refs/heads/release/1.1.0")
    subprocess.run(["uv", "lock", "--check", "--quiet"], cwd=released, check=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tag", "v1.1.0"], "VERSION 1.1.0 is not greater than 1.1.0: choose a greater one"),
        (["tag", "v2.0.0"], "VERSION 1.1.0 is not greater than 2.0.0: choose a greater one"),
        (["switch", "-qc", "feature"], "on branch feature: a release is cut from main"),
        (["commit", "-qm", "x", "--allow-empty"], "main is not what was pushed"),
        (["rm", "-q", "README.md"], "the tree has changes that no commit has"),
    ],
)
def test_what_speaks_against_a_release_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    git(*words)
    assert main(["release", "--version", "1.1.0"]) == 2
    assert said in capsys.readouterr().err
    assert "release/1.1.0" not in git("branch")


def test_without_anything_to_say_nothing_is_released(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, "CHANGELOG.md", "- New feature.\n", "")
    git("commit", "-qam", "x")
    git("push", "-q")
    assert main(["release", "--version", "1.1.0"]) == 2
    assert "CHANGELOG.md: nothing stands under Unreleased" in capsys.readouterr().err


def test_what_staging_has_not_tested_is_not_released(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_az(project.parent, "0" * 40)
    assert main(["release", "--version", "1.1.0"]) == 2
    assert "flight-delays-deploy-staging has not succeeded with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ORGANISATION": "https://dev.azure.com/org", "PROJECT": "flights"},
         "--organization https://dev.azure.com/org --project flights"),
        ({"ORGANISATION": "", "PROJECT": ""}, "--output json"),
    ],
)  # fmt: skip
def test_staging_is_asked_where_its_pipelines_are(
    project: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    put_az(project.parent, "0" * 40)
    assert main(["release", "--version", "1.1.0"]) == 2
    assert (project.parent / "az.called").read_text().strip().endswith(said)


def test_without_the_azure_cli_it_says_where_to_get_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert main(["release", "--version", "1.1.0"]) == 2
    assert "az is not on PATH: see https://learn.microsoft.com" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.0", "1.2.0; rm -rf /"])
def test_a_version_is_three_numbers(
    project: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    assert main(["release", "--version", version]) == 2
    assert "write three numbers, such as VERSION=1.2.0" in capsys.readouterr().err


def test_a_release_is_tagged_with_its_notes_once(released: Path) -> None:
    assert main(["check-version"]) == 0
    assert main(["tag"]) == main(["tag"]) == 0
    assert "- New feature." in git("tag", "--list", "v1.1.0", "--format=%(contents)")
    assert git("ls-remote", "origin", "refs/tags/v1.1.0")
    assert main(["check-version"]) == 0


def test_an_older_release_does_not_overtake(
    released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("tag", "v1.2.0", "main")
    assert main(["check-version"]) == 2
    assert "1.1.0 is older than 1.2.0, which was in prod" in capsys.readouterr().err


def test_a_newer_release_that_failed_after_its_deployment_is_not_overtaken(
    released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("push", "-q", "origin", "main:release/1.10.0", "main:release/1.9.0", "main:release/2.x")
    assert main(["check-version"]) == 2
    said = capsys.readouterr().err
    assert "1.1.0 is older than release/1.10.0, which may be in prod: cut a new release" in said


def test_an_older_commit_of_a_release_branch_does_not_overtake(
    released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = git("rev-parse", "--short=7", "HEAD")
    git("commit", "-qm", "Mend it", "--allow-empty")
    git("push", "-q")
    newer = git("rev-parse", "--short=7", "HEAD")
    assert main(["check-version"]) == 0
    git("switch", "-q", "--detach", older)
    assert main(["check-version"]) == 2
    said = capsys.readouterr().err
    moved = f"release/1.1.0 has moved on to {newer}, this is {older}: run its newest commit"
    assert moved in said


def test_a_release_whose_branch_is_gone_goes_on(released: Path) -> None:
    git("push", "-q", "origin", "--delete", "release/1.1.0")
    assert main(["check-version"]) == 0


def test_a_release_is_never_changed(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tag"])
    git("commit", "-qm", "more", "--allow-empty")
    for verb in ("check-version", "tag"):
        assert main([verb]) == 2
        assert "a release is never changed, cut a new one" in capsys.readouterr().err


def test_the_changelogs_sections_are_read_and_closed() -> None:
    assert read_section(CHANGELOG, "1.0.0") == "- First."
    assert read_section(CHANGELOG, "9.9.9") == ""
    closed = close_section(CHANGELOG, "1.1.0", "2026-02-01")
    assert "## Unreleased\n\n## 1.1.0, 2026-02-01\n\n- New feature." in closed
    assert read_section(closed, "Unreleased") == ""
