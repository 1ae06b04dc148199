"""The bundle deploys with the real Databricks CLI, to the fake workspace that it is tested with."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from rendered import COMPUTES, TARGETS, commit, copy_project, edit
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.bundle.validate import ask_cli
from bundlework.delivery.deploy import deploy, destroy
from bundlework.delivery.plan import find_losses, read_plan
from bundlework.errors import Refusal

pytestmark = pytest.mark.skipif(MISSING, reason=WHY)

CREATE_JOB = "POST /api/2.2/jobs/create"
TRAINING = "resources/training.job.yml"
# In prod; staging and pull requests have the integration test too.
JOBS = {
    "batch_inference", "features", "ingestion", "lifecycle", "monitoring", "rollback", "scoring",
    "setup", "sinks", "training", "validation",
}  # fmt: skip
# A workspace refuses an id that is empty.
EMPTY_ID = r'"(budget_policy_id|environment_key|job_cluster_key|policy_id)": ""'
NOTHING_TO_DO = r"Plan: 0 to add, 0 to change, 0 to delete"


def list_files(workspace: FakeWorkspace, project: Path, target: str, folder: str) -> list[str]:
    config = json.loads(workspace.run(project, "validate", "-o", "json", "-t", target))
    root = config["workspace"][f"{folder}_path"]
    found, folders = [], [root]
    while folders:
        at = folders.pop()
        listed = workspace.ask("GET", f"/api/2.0/workspace/list?path={at}") or {}
        for entry in listed.get("objects", []):
            is_folder = entry["object_type"] == "DIRECTORY"
            (folders if is_folder else found).append(entry["path"])
    return [path.removeprefix(f"{root}/") for path in found]


@pytest.mark.parametrize("compute", COMPUTES)
@pytest.mark.parametrize("target", TARGETS)
def test_it_validates_strictly_deploys_once_and_is_destroyed(
    tmp_path: Path, workspace: FakeWorkspace, target: str, compute: str
) -> None:
    project = point_to_fake(copy_project(tmp_path, compute))
    said = workspace.run(project, "validate", "--strict", "-t", target)
    assert "Validation OK!" in said
    assert not re.search(r"(?i)warning|recommendation", said)
    workspace.run(project, "deploy", "-t", target)
    assert not re.search(EMPTY_ID, json.dumps(workspace.read_jobs()))
    assert re.search(NOTHING_TO_DO, workspace.run(project, "plan", "-t", target))
    workspace.run(project, "destroy", "--auto-approve", "-t", target)
    assert workspace.read_jobs() == {}


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_only_what_jobs_run_is_uploaded(
    workspace: FakeWorkspace, project: Path, target: str
) -> None:
    workspace.run(project, "deploy", "-t", target)
    files = list_files(workspace, project, target, "file")
    assert not [f for f in files if f.startswith(("tests/", "docs/", "vendor/"))]
    assert any("notebooks/explore" in f for f in files) == (target == "dev")
    assert any("notebooks/review_model" in f for f in files)
    assert [f for f in list_files(workspace, project, target, "artifact") if f.endswith(".whl")]


@pytest.mark.parametrize("compute", COMPUTES)
def test_what_jobs_install_is_uploaded(
    tmp_path: Path, workspace: FakeWorkspace, compute: str
) -> None:
    project = point_to_fake(copy_project(tmp_path, compute))
    workspace.run(project, "deploy", "-t", "prod")
    named = set(
        re.findall(r"/Workspace/[^\"]*/requirements.txt", json.dumps(workspace.read_jobs()))
    )
    (path,) = named
    assert workspace.ask("GET", f"/api/2.0/workspace/get-status?path={path}")


def test_schedules_are_live_in_prod_alone(workspace: FakeWorkspace, project: Path) -> None:
    for target, status in (("staging", "PAUSED"), ("prod", "UNPAUSED")):
        workspace.run(project, "deploy", "-t", target)
        jobs = workspace.read_jobs()
        assert jobs["lifecycle"]["schedule"]["pause_status"] == status
        assert jobs["scoring"]["trigger"]["pause_status"] == status
        workspace.run(project, "destroy", "--auto-approve", "-t", target)


def test_two_pull_requests_do_not_touch_each_other(
    workspace: FakeWorkspace, tmp_path: Path
) -> None:
    clones = {number: point_to_fake(copy_project(tmp_path / number)) for number in ("1", "12")}
    for number, clone in clones.items():
        workspace.run(clone, "deploy", "-t", "pull_request", "--var", f"pull_request={number}")
    second = {n: j for n, j in workspace.read_jobs().items() if n.startswith("pr12_")}
    first = ["-t", "pull_request", "--var", "pull_request=1"]
    workspace.run(clones["1"], "destroy", "--auto-approve", *first)
    assert workspace.read_jobs() == second
    assert len(second) == len(JOBS) + 1
    assert workspace.ask("GET", "/api/2.1/unity-catalog/schemas/dev.pr12flight_delays_raw")
    assert not workspace.ask("GET", "/api/2.1/unity-catalog/schemas/dev.pr1flight_delays_raw")


def test_a_second_development_workspace_is_four_lines(
    workspace: FakeWorkspace, project: Path
) -> None:
    how_to = (project / "docs/how-to/second-dev-workspace.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", how_to, re.DOTALL)
    host = json.loads(workspace.run(project, "validate", "-o", "json"))["workspace"]["host"]
    lines = re.sub(r"https://adb-[\w.]+", host, block)
    assert len(lines.strip().splitlines()[1:]) == 4
    edit(project, "databricks.yml", "  # A copy for one pull", lines + "\n  # A copy for one pull")
    workspace.run(project, "deploy", "-t", "dev_research")
    assert re.search(NOTHING_TO_DO, workspace.run(project, "plan", "-t", "dev_research"))


@pytest.mark.parametrize("skipped", [0, 4])
def test_a_deployment_that_met_a_503_converges(
    workspace: FakeWorkspace, project: Path, skipped: int
) -> None:
    fault = {"pattern": CREATE_JOB, "status_code": 503, "offset": skipped, "times": 1}
    body = json.dumps({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "planted"})
    workspace.ask("POST", "/__testserver/fault", {**fault, "body": body})
    done = workspace.try_to(project, "deploy", "--debug", "-t", "staging")
    # The CLI tries again by itself, so that the log alone says that it met the fault.
    assert re.findall(r"HTTP/1.1 503|planted", done.stderr) == ["HTTP/1.1 503", "planted"]
    assert_converged(workspace, project)


@pytest.mark.parametrize("skipped", [0, 4, 8])
def test_a_deployment_that_was_killed_converges(
    workspace: FakeWorkspace, project: Path, skipped: int
) -> None:
    kill = {"pattern": CREATE_JOB, "offset": skipped, "times": 1}
    workspace.ask("POST", "/__testserver/kill", kill)
    killed = workspace.try_to(project, "deploy", "-t", "staging")
    assert killed.returncode == -signal.SIGKILL
    assert len(workspace.read_jobs()) < len(JOBS)
    assert_converged(workspace, project)


def assert_converged(workspace: FakeWorkspace, project: Path) -> None:
    # A killed deployment leaves its lock behind.
    workspace.run(project, "deploy", "--force-lock", "-t", "staging")
    assert re.search(NOTHING_TO_DO, workspace.run(project, "plan", "-t", "staging"))
    # By their numbers: of two jobs with one name, the names show one.
    assert len(workspace.ask("GET", "/api/2.2/jobs/list")["jobs"]) == len(JOBS) + 1


def test_going_back_to_the_former_release_restores_its_jobs_and_loses_no_data(
    workspace: FakeWorkspace, project: Path
) -> None:
    model = "/api/2.1/unity-catalog/models/prod.flight_delays_models.model"
    workspace.run(project, "deploy", "-t", "prod")
    jobs, made = workspace.read_jobs(), workspace.ask("GET", model)
    edit(project, TRAINING, "timeout_seconds: 7200", "timeout_seconds: 60")
    edit(project, "resources/lifecycle.job.yml", "- task_key: monitoring", "- task_key: watch")
    workspace.run(project, "deploy", "-t", "prod")
    assert workspace.read_jobs() != jobs
    edit(project, TRAINING, "timeout_seconds: 60", "timeout_seconds: 7200")
    edit(project, "resources/lifecycle.job.yml", "- task_key: watch", "- task_key: monitoring")
    # Tables, versions and aliases are in schemas and models, which no step of the way back touches.
    back = read_plan(workspace.run(project, "plan", "-o", "json", "-t", "prod"))
    assert {(change.action, change.resource) for change in back} == {
        ("update", "jobs.training"),
        ("update", "jobs.lifecycle"),
    }
    workspace.run(project, "deploy", "-t", "prod")
    assert workspace.read_jobs() == jobs
    assert workspace.ask("GET", model) == made


@pytest.mark.parametrize(
    ("file", "resource"),
    [("model.registered_model.yml", "registered_models.model"), ("raw.schema.yml", "schemas.raw")],
)
def test_a_deployment_that_would_delete_data_stops_and_says_which(
    workspace: FakeWorkspace, project: Path, file: str, resource: str
) -> None:
    workspace.run(project, "deploy", "-t", "prod")
    edit(project, f"resources/{file}", "\n      name: ", "\n      name: other_")
    commit(project)
    with pytest.raises(Refusal, match=f"recreate of {resource} would delete data"):
        deploy(project, "prod")
    plan = read_plan(workspace.run(project, "plan", "-o", "json", "-t", "prod"))
    assert find_losses(plan)


def test_make_deploy_shows_the_plan_deploys_and_says_what_is_next(
    workspace: FakeWorkspace, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    deploy(project, "prod")
    said = capfd.readouterr().out
    assert "| create | `jobs.training` |" in said
    assert "Next: make start JOB=setup TARGET=prod" in said
    assert set(workspace.read_jobs()) == JOBS


def test_make_destroy_removes_dev_alone(workspace: FakeWorkspace, project: Path) -> None:
    deploy(project, "dev")
    destroy(project, "dev")
    assert workspace.read_jobs() == {}
    with pytest.raises(Refusal, match="prod is not destroyed by make"):
        destroy(project, "prod")


def test_the_clis_own_checks_find_nothing(workspace: FakeWorkspace, project: Path) -> None:
    assert list(ask_cli(project, list(TARGETS))) == []


def test_the_clis_own_checks_are_reported(workspace: FakeWorkspace, project: Path) -> None:
    edit(project, TRAINING, "timeout_seconds: 7200", "timeout_second: 7200")
    faults = list(ask_cli(project, ["dev"]))
    assert any("training.job.yml" in f and "timeout_second" in f for f in faults)
