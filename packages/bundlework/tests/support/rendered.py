"""Copies of the rendered project to edit; these tests run in its folder and environment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path.cwd()
TEMPLATE = Path(__file__).parents[4] / "{{cookiecutter.__project_slug}}"
PARTS = (
    "databricks.yml", "compute.yml", "pyproject.toml", "README.md", "Makefile", "tools.mk",
    "uv.lock", "requirements.txt", "build-requirements.txt", ".gitignore",
)  # fmt: skip
FOLDERS = (
    ".azure-pipelines", "dashboards", "docs", "notebooks", "resources", "src", "tests", "vendor",
)  # fmt: skip
TARGETS = ("dev", "pull_request", "staging", "prod")
COMPUTES = ("serverless", "classic")
USER = "tester@databricks.com"


def copy_project(folder: Path, compute: str = "serverless") -> Path:
    """The project, committed, as if it had been generated with `compute`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        shutil.copy(ROOT / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    # The file has nothing to render.
    shutil.copy(find_compute_file(compute), folder / "compute.yml")
    commit(folder)
    return folder


def find_compute_file(compute: str) -> Path:
    """The template's file for a kind of compute."""
    return TEMPLATE / f"{{% if cookiecutter.compute == '{compute}' %}}compute.yml{{% endif %}}"


def commit(folder: Path) -> None:
    """Commits everything under the name of a tester."""
    git = ["git", "-c", "user.name=tester", "-c", f"user.email={USER}"]
    if not (folder / ".git").exists():
        subprocess.run([*git, "init", "-q", "-b", "main"], cwd=folder, check=True)
        subprocess.run([*git, "config", "user.email", USER], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "Change"], cwd=folder, check=True)


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replaces a text that must be there, once."""
    path = project / name
    text = path.read_text()
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1))
