"""Puts another use case in place of the sample's, over the same rest, and plays it.

Usage: `play.py NAME AS_OF HOW`, where HOW is `all` (run, check and test, in an environment of its
own), `cycle` (tests over declarations, and one run), or `declared` (these tests alone).

The use case is what an owner writes: `src/.../use_case/` and `tests/use_case/`. Nothing else of the
project is touched, but for the notebook that draws the sample.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rendering import renew

ROOT = Path(__file__).parents[2]
PLACES = {"use_case": "src/flight_delays/use_case", "tests": "tests/use_case"}
PYTHON = ROOT / "build/flight-delays/.venv/bin/python"
# In one process, whose JVM is warm when the cycle begins.
CYCLE = """
import sys
import pytest
from bundlework.__main__ import main
from pyspark.sql import SparkSession

failed = pytest.main(["-q", "tests/declared"])
SparkSession.getActiveSession().stop()
sys.exit(failed or main(["run", "--as-of", sys.argv[1]]))
"""


def make_project(name: str) -> Path:
    """Makes the project of a use case, in which nothing has run, and returns its folder."""
    project = ROOT / "build/use-cases" / name
    renew(project)
    shutil.rmtree(project / ".workspace", ignore_errors=True)
    for given, place in PLACES.items():
        shutil.rmtree(project / place)
        shutil.copytree(ROOT / "tests/use_cases" / name / given, project / place)
    (project / "notebooks/explore.py").unlink()
    return project


def list_commands(as_of: str, how: str) -> list[list[str]]:
    """Lists the commands that play a project."""
    if how == "all":
        return [["make", "run", "check", "test", f"AS_OF={as_of}"]]
    if how == "cycle":
        return [[str(PYTHON), "-c", CYCLE, as_of]]
    return [[str(PYTHON), "-m", "pytest", "-q", "tests/declared"]]


def main() -> None:
    """Plays one use case; the first command that fails ends the program."""
    name, as_of, how = sys.argv[1:]
    print(f"== {name}", flush=True)
    project = make_project(name)
    # The rendered project's environment has the sample's package installed: this one comes first.
    env = {**os.environ, "PYTHONPATH": "" if how == "all" else str(project / "src")}
    for command in list_commands(as_of, how):
        done = subprocess.run(command, cwd=project, env=env, check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
