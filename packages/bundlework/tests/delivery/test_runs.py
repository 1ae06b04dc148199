"""A run keeps its wheel, and a deployment looks for runs before it changes the jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rendered import commit, edit
from workspace import MISSING, WHY, FakeWorkspace

from bundlework.__main__ import main
from bundlework.bundle.loading import load_bundle
from bundlework.delivery import runs
from bundlework.delivery.old_wheels import KEPT, remove_old_wheels
from bundlework.delivery.workspace import read_summary

pytestmark = pytest.mark.skipif(MISSING, reason=WHY)

RUNS = "/api/2.2/jobs/runs/list"
LIST = "/api/2.0/workspace/list"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setattr(runs, "PAUSE", 0.0)


def deploy(target: str, choice: str = "") -> int:
    return main(["deploy", "--target", target, "--runs", choice])


def find_job(workspace: FakeWorkspace, name: str) -> int:
    jobs = workspace.ask("GET", "/api/2.2/jobs/list")["jobs"]
    return next(job["job_id"] for job in jobs if job["settings"]["name"].endswith(name))


def start(workspace: FakeWorkspace, job: str) -> int:
    """A run that runs until somebody asks for it."""
    body = {"job_id": find_job(workspace, job)}
    return workspace.ask("POST", "/api/2.2/jobs/run-now", body)["run_id"]


def get_wheel(workspace: FakeWorkspace) -> str:
    (environment,) = workspace.read_jobs()["training"]["environments"]
    return next(d for d in environment["spec"]["dependencies"] if d.endswith(".whl"))


def change_code(project: Path) -> None:
    edit(project, "src/flight_delays/tasks.py", '"""', '"""Changed. ')
    commit(project)


def is_there(workspace: FakeWorkspace, path: str) -> bool:
    return workspace.ask("GET", f"/api/2.0/workspace/get-status?path={path.replace('+', '%2B')}")


def test_a_run_finds_its_wheel_after_another_deployment(
    workspace: FakeWorkspace, project: Path
) -> None:
    assert deploy("staging") == 0
    wheel = get_wheel(workspace)
    start(workspace, "lifecycle")
    change_code(project)
    assert deploy("staging", "go-on") == 0
    assert get_wheel(workspace) != wheel
    assert is_there(workspace, wheel)
    assert is_there(workspace, get_wheel(workspace))


def answer(workspace: FakeWorkspace, path: str, body: Any, times: int = 1000) -> None:
    """Adds to an answer what the fake workspace leaves out: times, and which runs have ended."""
    told = {"pattern": f"GET {path}", "status_code": 200, "times": times, "body": json.dumps(body)}
    workspace.ask("POST", "/__testserver/fault", told)


def make_run(state: str, start_time: int, **approval: Any) -> dict[str, Any]:
    """A run as the workspace tells it; it has a task that waits for a person."""
    task = {"task_key": "approval", "state": {"life_cycle_state": "TERMINATED", **approval}}
    told = {"run_id": 7, "run_name": "training", "start_time": start_time, "tasks": [task]}
    return {**told, "state": {"life_cycle_state": state}}


def make_active_run(workspace: FakeWorkspace) -> dict[str, Any]:
    return {**make_run("RUNNING", 1), "job_id": find_job(workspace, "training")}


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (make_run("TERMINATED", 2), range(5, 15)),
        (make_run("RUNNING", 250), range(2, 15)),
        (make_run("TERMINATED", 300, result_state="FAILED"), range(3, 15)),
        (make_run("RUNNING", 1), range(15)),
        (make_run("RUNNING", 1400), range(5, 15)),
    ],
)
def test_the_last_ten_wheels_stay_and_those_that_an_unfinished_run_may_name(
    workspace: FakeWorkspace, project: Path, run: dict[str, Any], kept: range
) -> None:
    workspace.run(project, "deploy", "-t", "staging")
    bundle = load_bundle(project, "staging")
    summary = read_summary(bundle)
    folder = f"{summary['workspace']['artifact_path']}/.internal"
    wheels = [f"{folder}/flight_delays-0.1.0+h{n:02}-py3-none-any.whl" for n in range(15)]
    for wheel in wheels:
        workspace.ask("POST", f"/api/2.0/workspace-files/import-file{wheel}?overwrite=true", {})
    times = [{"path": wheel, "modified_at": 100 * n} for n, wheel in enumerate(wheels)]
    answer(workspace, LIST, {"objects": [{"path": f"{folder}/notes.txt"}, *times]})
    answer(workspace, RUNS, {"runs": [run]})
    assert len(wheels) - KEPT == 5
    remove_old_wheels(bundle, summary)
    assert [n for n, wheel in enumerate(wheels) if is_there(workspace, wheel)] == [*kept]


def test_a_shared_deployment_waits_for_what_runs(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    assert deploy("staging") == 0
    answer(workspace, RUNS, {"runs": [make_active_run(workspace)]}, times=3)
    assert deploy("staging") == 0
    said = capsys.readouterr().out
    assert said.index("cancel-run 7 --target staging") < said.rindex("| Action |")


@pytest.mark.parametrize(("choice", "patience"), [("refuse", 1800.0), ("wait", 0.0)])
def test_a_deployment_that_does_not_wait_any_longer_changes_nothing_and_names_the_run(
    workspace: FakeWorkspace, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured,
    choice: str, patience: float,
) -> None:  # fmt: skip
    monkeypatch.setattr(runs, "PATIENCE", patience)
    assert deploy("staging") == 0
    before = workspace.read_jobs()
    answer(workspace, RUNS, {"runs": [make_active_run(workspace)]})
    change_code(project)
    assert deploy("staging", choice) == 2
    assert "cancel-run 7 --target staging): wait for its end, cancel it" in capsys.readouterr().err
    assert workspace.read_jobs() == before


def test_a_persons_own_deployment_goes_on_and_says_what_runs(
    workspace: FakeWorkspace, project: Path, capsys: Captured
) -> None:
    assert deploy("dev") == 0
    answer(workspace, RUNS, {"runs": [make_active_run(workspace)]})
    assert deploy("dev") == 0
    assert (
        "training is running (databricks jobs cancel-run 7 --target dev)" in capsys.readouterr().out
    )
