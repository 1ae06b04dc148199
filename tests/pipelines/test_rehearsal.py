"""The pipelines of a clean clone, played in order.

With the Databricks CLI and its fake workspace, all of it; without, what needs no workspace.
"""

from __future__ import annotations

from pathlib import Path

from rehearsal import rehearse
from workspace import MISSING

# Tested by themselves, and long.
LONG = frozenset({"check", "test", "run", "report"})
ON_SPARK = frozenset({"integration", "start"})


def test_every_act_ends_as_it_should(rendered: dict[str, Path], tmp_path: Path) -> None:
    without = LONG | ON_SPARK if MISSING else LONG
    assert rehearse(rendered["azure_repos"], tmp_path / "stage", without) == []
