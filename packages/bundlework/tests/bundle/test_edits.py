"""A bundle that somebody is still writing is refused in words, or resolves.

`make faults` tries every edit; here a sample is tried.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from edits import copy_bundle, list_edits, try_edit

KINDS = Path(__file__).parent / "kinds"
SEED = 15


def sample(root: Path, times: int) -> list[str]:
    edits = random.Random(SEED).sample(list_edits(root), times)
    found = ((edit, try_edit(root, edit, validates=False)) for edit in edits)
    return [f"{edit}: {fault}" for edit, fault in found if fault]


def test_no_edit_of_the_project_gives_a_traceback(tmp_path: Path) -> None:
    assert sample(copy_bundle(Path.cwd(), tmp_path / "project"), 100) == []


@pytest.mark.parametrize("name", sorted(file.stem for file in KINDS.glob("*.yml")))
def test_no_edit_of_a_kind_gives_a_traceback(tmp_path: Path, name: str) -> None:
    root = tmp_path / "bundle"
    shutil.copytree(KINDS / "files", root)
    shutil.copy(KINDS / f"{name}.yml", root / "databricks.yml")
    assert sample(root, 20) == []
