"""The pipelines of a clean clone, played against the Databricks CLI's fake workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
from rehearsal import rehearse
from workspace import MISSING, WHY

# Tested by themselves, and long.
LONG = frozenset({"check", "test", "run", "report"})


@pytest.mark.skipif(MISSING, reason=WHY)
def test_every_act_ends_as_it_should(rendered: dict[str, Path], tmp_path: Path) -> None:
    assert rehearse(rendered["azure_repos"], tmp_path / "stage", LONG) == []
