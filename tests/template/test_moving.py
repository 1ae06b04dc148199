"""A project that was moved or copied runs its own code, wherever it lies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rendering import render

HERE = "import flight_delays\n\ndef test_here():\n    print(flight_delays.__file__)\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """uv lies in a folder with a blank in its name."""
    tools, uv = tmp_path / "Mein Werkzeug", shutil.which("uv")
    assert uv, "run with: make test"
    tools.mkdir()
    (tools / "uv").symlink_to(uv)
    return os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}


def reduce_dependencies(project: Path) -> None:
    """To pytest: a command is enough to see which environment is used."""
    settings = project / "pyproject.toml"
    text = re.sub(r"(?ms)^dependencies = \[.*?^\]", "dependencies = []", settings.read_text())
    settings.write_text(re.sub(r"(?ms)^dev = \[.*?^\]", 'dev = ["pytest"]', text))
    (project / "uv.lock").unlink()
    (project / "here.py").write_text(HERE)


@pytest.mark.parametrize("displace", [shutil.move, shutil.copytree])
def test_a_project_elsewhere_runs_the_code_that_is_there(
    displace: Callable[..., object], tmp_path: Path, environment: dict[str, str]
) -> None:
    def call(folder: Path, *words: str) -> str:
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    project, there = render(tmp_path), tmp_path / "Mein Projekt ä"
    reduce_dependencies(project)
    call(project, "uv", "lock", "--quiet")
    assert "Installing" in call(project, "make", ".venv/ready")
    assert "Installing" not in call(project, "make", ".venv/ready")
    displace(project, there)
    assert "moved or copied" in call(there, "make", ".venv/ready")
    assert str(there / "src") in call(there, "uv", "run", "--no-sync", "pytest", "-s", "here.py")
    assert "Installing" not in call(there, "make", ".venv/ready")
