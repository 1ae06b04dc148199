"""What becomes of a deployment whose agent was lost in the middle, with all that it remembered."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from rendered import copy_project
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.delivery.deploy import deploy
from bundlework.delivery.verify import verify

pytestmark = pytest.mark.skipif(MISSING, reason=WHY)

# Of eleven, those that the killed deployment has made.
MADE = 4


def list_numbers(workspace: FakeWorkspace) -> list[int]:
    """The numbers of its jobs; two may have one name."""
    listed = workspace.ask("GET", "/api/2.2/jobs/list").get("jobs", [])
    return [job["job_id"] for job in listed]


def test_another_agent_deploys_in_spite_of_the_lock_and_finds_what_is_left(
    workspace: FakeWorkspace, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.lose_agent(project, MADE, "-t", "staging")
    left = list_numbers(workspace)
    assert len(left) == MADE
    clone = point_to_fake(copy_project(tmp_path / "clone"))
    deploy(clone, "staging")
    made = workspace.read_jobs()
    assert len(list_numbers(workspace)) == MADE + len(made)
    assert verify(clone, "staging") == 1
    said = capsys.readouterr().out
    for number in left:
        assert f"databricks jobs delete {number} --target staging" in said
        workspace.ask("POST", "/api/2.2/jobs/delete", {"job_id": number})
    assert verify(clone, "staging") == 0
    assert workspace.read_jobs() == made


def test_an_update_that_was_lost_leaves_nothing_double(
    workspace: FakeWorkspace, project: Path, tmp_path: Path
) -> None:
    deploy(project, "staging")
    before = list_numbers(workspace)
    file = project / "resources/training.job.yml"
    changed = file.read_text().replace("timeout_seconds: 7200", "timeout_seconds: 60")
    file.write_text(changed)
    workspace.ask("POST", "/__testserver/kill", {"pattern": "POST /api/2.2/jobs/reset", "times": 1})
    assert workspace.try_to(project, "deploy", "-t", "staging").returncode == -signal.SIGKILL
    clone = point_to_fake(copy_project(tmp_path / "clone"))
    deploy(clone, "staging")
    assert list_numbers(workspace) == before
    assert verify(clone, "staging") == 0
