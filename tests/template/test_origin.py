"""A project carries the package's sources and a record of its origin, wherever it was made from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from rendering import ROOT, list_files

VISIBLE = [k for k in json.loads((ROOT / "cookiecutter.json").read_text()) if k[0] != "_"]
PACKAGE = "packages/bundlework/"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def list_package() -> dict[str, bytes]:
    """What git tracks of the package, without its tests."""
    names = git(ROOT, "ls-files", "--", PACKAGE).splitlines()
    own = [name for name in names if not name.startswith(f"{PACKAGE}tests/")]
    return {n.removeprefix(PACKAGE): (ROOT / n).read_bytes() for n in own if (ROOT / n).exists()}


def generate(into: Path, template: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Calls cookiecutter as a shell in the folder `cwd` does."""
    words = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(into), template]
    env = os.environ | {"PWD": str(cwd)}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def copy_template(folder: Path) -> Path:
    """What git tracks of the template, with what is not committed yet, and without git."""
    for name in git(ROOT, "ls-files").splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_a_project_has_the_package_as_git_tracks_it_without_tests(project: Path) -> None:
    assert list_files(project / "vendor/bundlework") == list_package()
    assert git(project, "check-attr", "linguist-vendored", "vendor/bundlework/README.md").endswith(
        ": set"
    )


def test_the_record_has_address_commit_and_answers_and_nothing_else(project: Path) -> None:
    record = json.loads((project / ".template.json").read_text())
    assert list(record) == ["template", "commit", "answers"]
    assert record["template"] == str(ROOT)
    assert record["commit"] == git(ROOT, "rev-parse", "HEAD")
    assert list(record["answers"]) == sorted(VISIBLE)


def test_a_folder_may_be_named_relative_to_where_cookiecutter_is_called(tmp_path: Path) -> None:
    done = generate(tmp_path, f"../{ROOT.name}", ROOT)
    assert done.returncode == 0, done.stderr
    project = tmp_path / "flight-delays"
    assert list_files(project / "vendor/bundlework") == list_package()
    assert json.loads((project / ".template.json").read_text())["template"] == str(ROOT)


def test_a_zip_gives_the_same_package_and_no_commit(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    (template / PACKAGE / "src/bundlework/__pycache__").mkdir()
    (template / PACKAGE / "src/bundlework/__pycache__/x.pyc").write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "template.zip", "w") as archive:
        for path in [template, *template.rglob("*")]:
            archive.write(path, path.relative_to(tmp_path))
    home = tmp_path / "out"
    done = generate(home, "template.zip", tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((home / "flight-delays/.template.json").read_text())
    assert (record["template"], record["commit"]) == (str(tmp_path / "template.zip"), None)
    assert list_files(home / "flight-delays/vendor/bundlework") == list_package()


def test_without_the_package_nothing_is_generated_and_a_line_says_what_to_do(
    tmp_path: Path,
) -> None:
    template = copy_template(tmp_path / "template")
    shutil.rmtree(template / PACKAGE)
    done = generate(tmp_path / "out", str(template), tmp_path)
    assert done.returncode != 0
    assert "has no packages/bundlework, which every project needs: name the template" in done.stderr
    assert not list((tmp_path / "out").rglob("*"))


def test_no_tool_looks_into_vendor(tmp_path: Path) -> None:
    assert generate(tmp_path, str(ROOT), tmp_path).returncode == 0
    project = tmp_path / "flight-delays"
    (project / "vendor/bundlework/test_broken.py").write_text("def broken(:\n")
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        command = [sys.executable, "-m", *words]
        assert (
            subprocess.run(command, cwd=project, capture_output=True, check=False).returncode == 0
        ), words
    settings = tomllib.loads((project / "pyproject.toml").read_text())["tool"]
    assert settings["mypy"]["files"] == ["src"]
    assert settings["pytest"]["ini_options"]["testpaths"] == ["tests"]
    bundle = yaml.safe_load((project / "databricks.yml").read_text())
    assert "vendor/**" in bundle["sync"]["exclude"]
