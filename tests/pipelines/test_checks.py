"""The rendered pipelines satisfy every check, and each spoiled one is caught by the one named."""

from __future__ import annotations

from pathlib import Path

import pytest
from checks import CHECKS, find_faults
from mutations import MUTATIONS


def test_no_check_finds_a_fault(project: Path, host: str) -> None:
    assert [str(fault) for fault in find_faults(project, host)] == []


@pytest.mark.parametrize(("host", "what"), [(h, w) for w, m in MUTATIONS.items() for h in m.hosts])
def test_a_spoiled_pipeline_is_caught_by_the_check_that_is_named(
    project: Path, host: str, what: str
) -> None:
    mutation = MUTATIONS[what]
    mutation.apply(project)
    assert mutation.caught_by in {fault.check for fault in find_faults(project, host)}


def test_every_check_catches_something() -> None:
    named = {mutation.caught_by for mutation in MUTATIONS.values()}
    assert {check.__name__.replace("_", " ") for check in CHECKS} <= named
