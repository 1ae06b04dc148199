"""Renders a project and puts another use case in place of the sample's: `overlay.py NAME INTO`.

The use case is what an owner writes: `src/.../use_case/` and `tests/use_case/`. Nothing else of the
project is touched, but for the notebook that draws the sample.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rendering import renew

ROOT = Path(__file__).parents[2]


def overlay(name: str, into: Path) -> None:
    """Makes the project of a use case in a folder."""
    renew(into)
    cases = ROOT / "tests/use_cases" / name
    for given, place in (("use_case", "src/flight_delays/use_case"), ("tests", "tests/use_case")):
        shutil.rmtree(into / place)
        shutil.copytree(cases / given, into / place)
    (into / "notebooks/explore.py").unlink()


if __name__ == "__main__":
    overlay(sys.argv[1], Path(sys.argv[2]))
