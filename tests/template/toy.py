"""A small template with two versions or more, and projects made of it, for tests of the update."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from cookiecutter.main import cookiecutter
from rendering import ROOT

LINES = [f"Line {number} of the page.\n" for number in range(1, 31)]
MODULE = "".join(f"def step_{n}(x: int) -> int:\n    return x + {n}\n\n\n" for n in range(8))
LOCK = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\n'
FILES = {
    "README.md": "# {{ cookiecutter.project_name }}\n" + "".join(LINES),
    "Makefile": ".PHONY: lock docs\nlock:\n\t@uv lock --quiet\n"
    "docs:\n\t@wc -l < README.md > docs/bundle.md\n",
    "pyproject.toml": '[project]\nname = "toy"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n',
    "uv.lock": f'{LOCK}name = "toy"\nversion = "0.1.0"\nsource = {{ virtual = "." }}\n',
    "docs/bundle.md": "31\n",
    "notebooks/look.py": "print(1)\nprint(2)\nprint(3)\n",
    "src/toy/steps/first.py": MODULE,
    "src/toy/steps/second.py": MODULE.replace("step", "turn"),
    "vendor/bundlework/pack.py": "VERSION = 1\n",
}
PROJECT = "{{cookiecutter.__project_slug}}"
MAKE = {"project_name": "Toy", "__project_slug": "{{ cookiecutter.project_name | lower }}"}


def git(folder: Path, *words: str) -> str:
    """Calls git as a tester."""
    author = ["-c", "user.name=tester", "-c", "user.email=tester@example.com"]
    done = subprocess.run(
        ["git", *author, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str | None], message: str = "Change") -> str:
    """Writes files, removes those without a text, and commits."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def make_template(folder: Path) -> Path:
    """The template's first version."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    settings = {"cookiecutter.json": json.dumps(MAKE)}
    commit(folder, settings | {f"{PROJECT}/{name}": text for name, text in FILES.items()})
    return folder


def change(template: Path, files: dict[str, str | None]) -> str:
    """The template's next version."""
    return commit(template, {f"{PROJECT}/{name}": text for name, text in files.items()})


def make_project(template: Path, folder: Path, recorded: bool = True) -> Path:
    """A project of the newest version."""
    made = Path(cookiecutter(str(template), no_input=True, output_dir=str(folder)))
    git(made, "init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "owner"), ("user.email", "owner@example.com")):
        git(made, "config", name, value)
    record = {
        "template": str(template),
        "commit": git(template, "rev-parse", "HEAD"),
        "answers": {"project_name": "Toy"},
    }
    commit(made, {".template.json": json.dumps(record)} if recorded else {}, "Start")
    return made


def update(
    project: Path, *words: str, stdin: int = subprocess.DEVNULL, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Calls the verb, as the project's Makefile does, with this repository's package."""
    return subprocess.run(
        [sys.executable, "-m", "bundlework", "update", *words], cwd=project,
        env=get_environment() | environment, capture_output=True, text=True,
        stdin=stdin, check=False,
    )  # fmt: skip


def get_environment() -> dict[str, str]:
    """What finds this repository's package; compiled once, cookiecutter starts in half the time."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "packages/bundlework/src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def read(project: Path) -> dict[str, str]:
    """The texts of the files that git tracks."""
    names = git(project, "ls-files").splitlines()
    return {name: (project / name).read_text() for name in names}
