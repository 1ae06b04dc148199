"""All that is of the sample is in `use_case/`: who replaces that has replaced the sample."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rendering import render

WORDS = re.compile(r"flight|airport|carrier|airline|aircraft|departure", re.IGNORECASE)
SEARCHED = ("src", "resources", "dashboards", "tests")


def list_lines(folder: Path) -> list[str]:
    """The lines of a project outside of the use case that name the sample's things."""
    found = []
    for path in sorted(p for name in SEARCHED for p in (folder / name).rglob("*")):
        if path.is_file() and "use_case" not in path.parts:
            lines = path.read_text(encoding="utf-8").splitlines()
            place = path.relative_to(folder)
            found += [f"{place}:{n}: {t}" for n, t in enumerate(lines, 1) if WORDS.search(t)]
    return found


@pytest.mark.parametrize("compute", ["serverless", "classic"])
def test_no_other_file_has_a_word_of_the_sample(tmp_path: Path, compute: str) -> None:
    # The project's own name has the words too.
    project = render(tmp_path, project_name="Parcels", compute=compute)
    assert list_lines(project) == []
    (project / "src/parcels/settings.py").write_text("# Late Flights")
    assert list_lines(project) == ["src/parcels/settings.py:1: # Late Flights"]
