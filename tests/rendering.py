"""Renders the template for tests."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "{{cookiecutter.__project_slug}}"
IGNORED = {".git", ".venv", ".tools", ".workspace", "__pycache__"}
CHOICES: dict[str, dict[str, str]] = {
    "default": {},
    "classic": {"compute": "classic"},
    "github": {"repo_host": "github"},
}


def render(folder: Path, **answers: str) -> Path:
    """Generates a project below `folder`; unnamed questions get their default."""
    made = cookiecutter(str(ROOT), no_input=True, output_dir=str(folder), extra_context=answers)
    return Path(made)


def list_files(folder: Path) -> dict[str, bytes]:
    """Every file's content by its path, without git's and the environment's."""
    found = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in IGNORED]
        paths = [Path(parent) / name for name in names]
        found |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return dict(sorted(found.items()))


def renew(project: Path) -> None:
    """Renders over a project, keeping its environment; files that stay the same are not touched."""
    with tempfile.TemporaryDirectory() as scratch:
        made = render(Path(scratch))
        if not project.exists():
            shutil.copytree(made, project)
            return
        wanted, present = list_files(made), list_files(project)
    for name in set(present) - set(wanted):
        (project / name).unlink()
    for name, content in wanted.items():
        if present.get(name) != content:
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_bytes(content)


if __name__ == "__main__":
    renew(Path(sys.argv[1]))
