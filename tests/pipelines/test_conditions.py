"""Conditions are read as Azure reads them."""

from __future__ import annotations

import pytest
from conditions import Situation, evaluate

VARIABLES = {"Build.SourceBranch": "refs/heads/main", "Flag": "True"}
STATES = ("succeeded", "failed", "cancelled", "skipped")


@pytest.mark.parametrize(
    ("condition", "holds_after"),
    [
        ("always()", STATES),
        ("succeeded()", ("succeeded",)),
        ("failed()", ("failed",)),
        ("canceled()", ("cancelled",)),
        ("succeededOrFailed()", ("succeeded", "failed")),
        ("not(succeeded())", ("failed", "cancelled", "skipped")),
        ("true", STATES),
        ("and(always(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))", STATES),
        ("and(always(), eq(variables['Build.SourceBranch'], 'refs/heads/other'))", ()),
        ("ne(variables['Build.SourceBranch'], 'REFS/heads/main')", ()),
        ("startsWith(variables['Build.SourceBranch'], 'refs/heads/')", STATES),
        ("or(failed(), eq(variables['Flag'], 'true'))", STATES),
        ("eq(variables['Unset'], '')", STATES),
    ],
)
def test_a_condition_holds_after(condition: str, holds_after: tuple[str, ...]) -> None:
    found = tuple(s for s in STATES if evaluate(condition, Situation(s, VARIABLES)))
    assert found == holds_after


@pytest.mark.parametrize(
    "condition", ["succeded()", "and(succeeded()", "succeeded", "eq('a' 'b') x", "a && b"]
)
def test_a_malformed_condition_is_refused(condition: str) -> None:
    with pytest.raises((ValueError, IndexError, TypeError)):
        evaluate(condition, Situation("succeeded", VARIABLES))
