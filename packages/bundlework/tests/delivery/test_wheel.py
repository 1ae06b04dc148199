"""The wheel's name tells its content."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rendered import copy_project, edit

from bundlework.__main__ import main
from bundlework.delivery.wheel import mark_version

INSTALLED = "import importlib.metadata as m; print(m.version('flight_delays'))"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = copy_project(tmp_path / "project")
    monkeypatch.chdir(made)
    return made


def build(project: Path) -> Path:
    assert main(["wheel"]) == 0
    (made,) = (project / "dist").glob("flight_delays-*.whl")
    return made


def test_equal_content_has_an_equal_name_and_other_content_another(project: Path) -> None:
    first = build(project)
    content = first.read_bytes()
    assert first.name.startswith("flight_delays-0.1.0+h")
    again = build(project)
    assert (again.name, again.read_bytes()) == (first.name, content)
    edit(project, "src/flight_delays/tasks.py", '"""', '"""Changed. ')
    assert build(project).name != first.name


def test_it_installs_as_the_version_that_its_name_says(project: Path, tmp_path: Path) -> None:
    made = build(project)
    into = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*into, str(made)], check=True)
    said = subprocess.run(
        [sys.executable, "-S", "-c", INSTALLED],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == made.name.split("-")[1]
    assert (tmp_path / "site/flight_delays/tasks.py").exists()


def test_wheels_of_other_packages_stay_and_a_failed_build_leaves_the_former_wheel(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = build(project)
    other = project / "dist" / "other-1.0-py3-none-any.whl"
    other.touch()
    edit(project, "pyproject.toml", 'build-backend = "hatchling.build"', 'build-backend = "none"')
    assert main(["wheel"]) == 2
    assert "uv build" in capfd.readouterr().err
    assert made.exists()
    assert other.exists()


def test_the_build_takes_options(project: Path) -> None:
    (project / "none.txt").write_text("hatchling==0.0\n")
    assert main(["wheel", "--", "--build-constraints", "none.txt"]) == 2
    assert not list((project / "dist").glob("*.whl"))
    assert main(["wheel", "--", "--python", sys.executable]) == 0


@pytest.mark.parametrize(
    ("version", "begins"), [("1.2.0", "1.2.0+h"), ("1.2.0+local", "1.2.0+local.h")]
)
def test_a_version_keeps_what_is_local_in_it(version: str, begins: str) -> None:
    assert mark_version(version, b"content").startswith(begins)
