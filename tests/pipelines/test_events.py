"""Each event starts what it should, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from events import EVENTS
from runs import find_started


@pytest.mark.parametrize("what", EVENTS)
def test_an_event_runs_the_verbs_expected(project: Path, host: str, what: str) -> None:
    event, expected = EVENTS[what]
    assert find_started(project, host, event) == expected
