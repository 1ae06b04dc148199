"""A project comes from a folder or a git address, as a repository, without a trace of rendering."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rendering import CHOICES, ROOT, TEMPLATE, list_files, render


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_project_is_a_clean_repository_with_one_commit(project: Path) -> None:
    assert git(project, "rev-list", "--count", "HEAD") == "1"
    assert git(project, "branch", "--show-current") == "main"
    assert git(project, "status", "--porcelain") == ""


def test_without_a_git_identity_the_commit_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    assert git(render(tmp_path / "out"), "log", "--format=%ae") == "owner@example.com"


def test_a_git_address_works_like_a_folder(tmp_path: Path) -> None:
    repository = tmp_path / "template"
    ignored = shutil.ignore_patterns(".git", ".venv", ".tools", "build")
    shutil.copytree(ROOT, repository, ignore=ignored)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        git(repository, "-c", "user.name=x", "-c", "user.email=x@example.com", *words)
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(tmp_path / "out")]
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([*command, f"file://{repository}"], check=True, env=home)
    assert (tmp_path / "out/flight-delays/databricks.yml").exists()


@pytest.mark.parametrize("choice", CHOICES)
def test_nothing_of_the_template_is_left(choice: str, tmp_path: Path) -> None:
    for name, content in list_files(render(tmp_path, **CHOICES[choice])).items():
        text = content.decode()
        assert "cookiecutter" not in text, name
        assert not re.search(r"\{%|\{#", text), name
        values = re.findall(r"(?<!\$)\{\{\s*([A-Za-z][\w.]*)", text)
        known = ("job.", "tasks.", "task.", "workspace.")
        strange = [v for v in values if v and not v.startswith(known)]
        assert not strange or name.startswith("local/"), (name, strange)


def test_an_option_chooses_files_and_inside_a_file_changes_prose_alone() -> None:
    contents = list_files(TEMPLATE).items()
    branching = [name for name, content in contents if re.search(rb"\{%-? *if ", content)]
    assert branching
    assert all(name.startswith("docs/how-to/") for name in branching), branching


@pytest.mark.parametrize("name", ["A", "a" * 30, "Zoo", "z" * 30])
def test_the_format_does_not_depend_on_the_name(name: str, tmp_path: Path) -> None:
    project = render(tmp_path, project_name=name)
    for words in (["format", "--check"], ["check"]):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
