"""What becomes of a deployment whose agent was lost in the middle, with all that it remembered."""

from __future__ import annotations

import re
import signal
from functools import partial
from pathlib import Path

import pytest
from rendered import USER, copy_project
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.delivery.deploy import deploy, destroy, plan
from bundlework.delivery.verify import verify
from bundlework.errors import Refusal

pytestmark = pytest.mark.skipif(MISSING, reason=WHY)

# Of eleven, those that the killed deployment has made.
MADE = 4


def list_numbers(workspace: FakeWorkspace) -> list[int]:
    """The numbers of its jobs; two may have one name."""
    listed = workspace.ask("GET", "/api/2.2/jobs/list").get("jobs", [])
    return [job["job_id"] for job in listed]


def test_another_agent_deploys_nothing_twice_and_adopts_what_is_left(
    workspace: FakeWorkspace, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.lose_agent(project, MADE, "-t", "staging")
    left = list_numbers(workspace)
    assert len(left) == MADE
    clone = point_to_fake(copy_project(tmp_path / "clone"))
    with pytest.raises(Refusal, match="the deployment's state does not know it") as refusal:
        deploy(clone, "staging")
    assert list_numbers(workspace) == left
    for command in re.findall(r"adopt it \(databricks bundle (.*?)\)", str(refusal.value)):
        # The lock is the lost agent's.
        workspace.run(clone, *command.split(), "--force-lock")
    deploy(clone, "staging")
    assert verify(clone, "staging") == 0
    assert set(left) < set(list_numbers(workspace))
    assert len(workspace.read_jobs()) == len(list_numbers(workspace))


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_lost_state_stops_the_next_deployment_and_is_seen(
    workspace: FakeWorkspace,
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    target: str,
) -> None:
    deploy(project, target)
    before = list_numbers(workspace)
    clone = lose_state(workspace, tmp_path)
    for act in (deploy, partial(plan, folder=clone / "plan")):
        with pytest.raises(Refusal) as refusal:
            act(clone, target)
        lines = str(refusal.value).splitlines()
        assert sum("jobs." in line for line in lines) == len(before)
        assert any(line.startswith("schemas.raw is there as ") for line in lines)
        assert any(line.startswith("registered_models.model is there as ") for line in lines)
        assert ("make destroy TARGET=dev" in lines[-1]) == (target == "dev")
    assert list_numbers(workspace) == before
    capsys.readouterr()
    assert verify(clone, target) == 1
    assert capsys.readouterr().out.count("the deployment's state does not know it") >= len(before)


def test_what_a_lost_state_knew_is_destroyed_and_nothing_of_a_colleague(
    workspace: FakeWorkspace, project: Path, tmp_path: Path
) -> None:
    deploy(project, "dev")
    tags = {**workspace.read_jobs()["[dev tester] training"]["tags"], "dev": "colleague"}
    theirs = {"name": "[dev tester] training", "tags": tags}
    number = workspace.ask("POST", "/api/2.2/jobs/create", theirs)["job_id"]
    clone = lose_state(workspace, tmp_path)
    destroy(clone, "dev")
    assert list_numbers(workspace) == [number]
    deploy(clone, "dev")
    assert verify(clone, "dev") == 0


def lose_state(workspace: FakeWorkspace, folder: Path) -> Path:
    """Another clone, whose deployments' folders are gone from the workspace."""
    path = f"/Workspace/Users/{USER}/.bundle"
    workspace.ask("POST", "/api/2.0/workspace/delete", {"path": path, "recursive": True})
    return point_to_fake(copy_project(folder / "clone"))


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
