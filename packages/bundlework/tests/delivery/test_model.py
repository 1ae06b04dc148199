"""A model is rolled back in a workspace with what was typed, and never without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import MISSING, WHY, FakeWorkspace

from bundlework.delivery.model import join_parameters, roll_back_model
from bundlework.errors import Refusal


def test_job_parameters_may_hold_anything() -> None:
    given = {"reason": 'late, "bad" = worse\n$(id)', "by": "ann"}
    assert join_parameters(given) == '"reason=late, ""bad"" = worse\n$(id)","by=ann"'


@pytest.mark.parametrize(("reason", "by", "said"), [("", "ann", "REASON"), ("late", "", "BY")])
def test_a_rollback_says_why_and_by_whom(tmp_path: Path, reason: str, by: str, said: str) -> None:
    with pytest.raises(Refusal, match=f"{said} is empty"):
        roll_back_model(tmp_path, "prod", "", reason, by)


@pytest.mark.skipif(MISSING, reason=WHY)
def test_the_rollback_gets_what_was_typed_as_it_was_typed(
    workspace: FakeWorkspace, project: Path
) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    typed = "late, \"bad\" = 'worse' $(id) `id`"
    roll_back_model(project, "prod", " ", typed, "ann")
    (run,) = workspace.ask("GET", "/api/2.2/jobs/runs/list")["runs"]
    given = {p["name"]: p.get("value", p.get("default", "")) for p in run["job_parameters"]}
    assert {"reason": typed, "by": "ann", "model_version": ""}.items() <= given.items()
