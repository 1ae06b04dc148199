"""Plan, deploy, verify, integration test and destroy, against the CLI's fake workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rendered import USER, commit, edit
from workspace import MISSING, WHY, FakeWorkspace

from bundlework.__main__ import main
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.delivery.clean_up import read_time
from bundlework.delivery.integration import run_integration_test
from bundlework.delivery.verify import read_jobs, verify
from bundlework.errors import Refusal

pytestmark = pytest.mark.skipif(MISSING, reason=WHY)

TRAINING = "resources/training.job.yml"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def deploy_as_reviewed(target: str = "prod") -> int:
    return main(["deploy", "--target", target, "--plan", "build/plan"])


def plan(target: str = "prod") -> int:
    return main(["plan", "--target", target, "--plan", "build/plan"])


def test_what_was_reviewed_is_deployed(workspace: FakeWorkspace, project: Path) -> None:
    assert plan() == 0
    assert deploy_as_reviewed() == 0
    assert verify(project, "prod") == 0


def test_a_plan_that_changed_after_its_review_stops(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    assert plan() == 0
    edit(project, TRAINING, "timeout_seconds: 7200", "timeout_seconds: 60")
    commit(project)
    assert deploy_as_reviewed() == 2
    assert "jobs.training: reviewed was create, planned is create" in capsys.readouterr().err
    assert workspace.read_jobs() == {}


def test_without_the_reviewed_plan_nothing_is_deployed(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    assert deploy_as_reviewed() == 2
    assert "build/plan/plan.json is missing: make plan PLAN=build/plan" in capsys.readouterr().err


def test_a_plan_that_loses_data_stops_and_is_kept_for_review(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    edit(project, "resources/raw.schema.yml", "name: ", "name: other_")
    assert plan() == 2
    assert "recreate of schemas.raw would delete data" in capsys.readouterr().err
    assert "| recreate | `schemas.raw` |" in (project / "build/plan/plan.md").read_text()


def test_on_an_agent_the_plan_is_shown_on_the_runs_summary(
    workspace: FakeWorkspace, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TF_BUILD", "True")
    assert plan() == 0
    page = (project / "build/plan/plan.md").resolve()
    assert f"##vso[task.uploadsummary]{page}" in capsys.readouterr().out


def test_a_wheel_that_was_built_before_is_the_one_that_is_uploaded(
    workspace: FakeWorkspace, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = project / "dist" / "flight_delays-0.1.0-py3-none-any.whl"
    built.parent.mkdir()
    built.write_bytes(b"built once")
    monkeypatch.setenv("BUNDLE_VAR_build", "true")
    assert plan() == 0
    assert deploy_as_reviewed() == 0
    assert built.read_bytes() == b"built once"


def test_a_missing_wheel_is_found(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    (wheel,) = [
        d
        for d in workspace.read_jobs()["training"]["environments"][0]["spec"]["dependencies"]
        if d.endswith(".whl")
    ]
    workspace.ask("POST", "/api/2.0/workspace/delete", {"path": wheel})
    assert verify(project, "prod") == 1
    assert f"{wheel} is not there, and " in capsys.readouterr().out


def test_a_group_that_the_workspace_does_not_know_is_found(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    jobs = workspace.ask("GET", "/api/2.2/jobs/list")["jobs"]
    (number,) = [job["job_id"] for job in jobs if job["settings"]["name"] == "scoring"]
    owner = {"user_name": USER, "permission_level": "IS_OWNER"}
    path = f"/api/2.0/permissions/jobs/{number}"
    workspace.ask("PUT", path, {"access_control_list": [owner]})
    assert verify(project, "prod") == 1
    said = capsys.readouterr().out
    assert "jobs.scoring: the group ml_engineers has no CAN_MANAGE there: assign it to the" in said


def test_a_missing_job_is_found(workspace: FakeWorkspace, project: Path, capsys: Captured) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    jobs = workspace.ask("GET", "/api/2.2/jobs/list")["jobs"]
    (number,) = [job["job_id"] for job in jobs if job["settings"]["name"] == "scoring"]
    workspace.ask("POST", "/api/2.2/jobs/delete", {"job_id": number})
    assert verify(project, "prod") == 1
    assert "jobs.scoring: it is not there: deploy again" in capsys.readouterr().out


@pytest.mark.parametrize(("target", "other"), [("prod", "PAUSED"), ("staging", "UNPAUSED")])
def test_a_schedule_that_somebody_switched_is_found(
    workspace: FakeWorkspace, project: Path, capsys: Captured, target: str, other: str
) -> None:
    workspace.run(project, "deploy", "-t", target)
    jobs = workspace.ask("GET", "/api/2.2/jobs/list")["jobs"]
    (job,) = [job for job in jobs if job["settings"]["name"] == "lifecycle"]
    settings = workspace.read_jobs()["lifecycle"]
    settings["schedule"]["pause_status"] = other
    changed = {"job_id": job["job_id"], "new_settings": settings}
    workspace.ask("POST", "/api/2.2/jobs/reset", changed)
    assert verify(project, target) == 1
    assert f"jobs.lifecycle.schedule: it is {other}, not" in capsys.readouterr().out


def test_the_integration_tests_tasks_are_test_cases(
    workspace: FakeWorkspace, project: Path
) -> None:
    workspace.run(project, "deploy", "-t", "staging")
    assert run_integration_test(project, "staging", project / "junit.xml") == 0
    suite = ElementTree.parse(project / "junit.xml").getroot()
    assert suite.attrib["failures"] == "0"
    assert {case.attrib["name"] for case in suite} == {"inspect", "lifecycle"}


def test_a_deployed_job_is_started(
    workspace: FakeWorkspace, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--target", "staging", "--job", "lifecycle"]) == 2
    workspace.run(project, "deploy", "-t", "staging")
    assert main(["start", "--target", "staging", "--job", "lifecycle"]) == 0
    assert '"lifecycle" TERMINATED SUCCESS' in capfd.readouterr().out


def test_a_job_that_is_not_deployed_is_a_failed_test(
    workspace: FakeWorkspace, project: Path
) -> None:
    assert run_integration_test(project, "staging", project / "junit.xml") == 1
    suite = ElementTree.parse(project / "junit.xml").getroot()
    assert suite.attrib["failures"] == "1"
    assert suite[0][0].attrib["message"]


@pytest.mark.parametrize(
    ("call", "ask"),
    [
        ("GET /api/2.2/jobs/get", lambda bundle: dict(read_jobs(bundle, {"training": {"id": 1}}))),
        ("GET /api/2.0/workspace/get-status", lambda bundle: read_time(bundle, "/Workspace/copy")),
    ],
)
def test_a_workspace_that_cannot_be_asked_is_not_taken_for_an_empty_one(
    workspace: FakeWorkspace, project: Path, call: str, ask: Callable[[Bundle], Any]
) -> None:
    bundle = load_bundle(project, "prod")
    assert not ask(bundle)
    body = json.dumps({"error_code": "PERMISSION_DENIED", "message": "planted"})
    fault = {"pattern": call, "status_code": 403, "times": 1, "body": body}
    workspace.ask("POST", "/__testserver/fault", fault)
    with pytest.raises(Refusal, match="planted"):
        ask(bundle)
