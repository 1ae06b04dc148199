"""What a deployment by hand refuses, and what the other verbs answer to wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rendered import copy_project, edit

from bundlework.__main__ import main
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.quartz import find_cron_faults
from bundlework.delivery.plan import Change, describe_plan, find_losses, read_plan
from bundlework.delivery.protect import list_calls
from bundlework.delivery.verify import find_trigger_faults

NOBODY = {"TF_BUILD": "", "CI": ""}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = copy_project(tmp_path)
    monkeypatch.chdir(made)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("BUNDLE_VAR_deployer", "11111111-2222-3333-4444-555555555555")
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    return made


def test_prod_is_not_deployed_from_a_laptop(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "--target", "prod"]) == 2
    said = capsys.readouterr().err
    assert "prod is deployed by its pipeline, not from a laptop" in said
    assert "databricks bundle deploy -t prod" in said


def test_prod_is_not_deployed_from_a_tree_with_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_BUILD", "True")
    (project / "new.txt").write_text("not committed")
    assert main(["deploy", "--target", "prod"]) == 2
    assert "prod: the tree has changes that no commit has" in capsys.readouterr().err


def test_a_target_is_not_deployed_for_a_deployer_that_nobody_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_BUILD", "True")
    monkeypatch.delenv("BUNDLE_VAR_deployer")
    assert main(["deploy", "--target", "prod"]) == 2
    assert "deployer is flight_delays_deployer: set it to the application id" in (
        capsys.readouterr().err
    )


def test_a_copy_is_not_deployed_without_the_pull_requests_number(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "--target", "pull_request"]) == 2
    assert "pull_request is 0: give the number of the pull request" in capsys.readouterr().err


def test_a_broken_bundle_is_not_deployed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "databricks.yml", "      catalog: dev\n", "      catalog: prod\n")
    assert main(["deploy", "--target", "dev"]) == 2
    assert "targets.dev.variables.catalog: prod is the catalog of prod" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploy", "--target", "dev"], "databricks is not on PATH"),
        (["deploy", "--target", "test"], "unknown target 'test': there are dev, pull_request"),
        (["destroy", "--target", "staging"], "staging is not destroyed by make"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_two(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_validation_ends_with_one_for_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, "databricks.yml", "host: https://adb-1", "host: adb-1")
    assert main(["validate"]) == 1
    assert "databricks.yml:" in capsys.readouterr().out


def test_a_plan_is_a_table_and_names_what_would_lose_data() -> None:
    plan = {
        "resources.jobs.training": {"action": "update"},
        "resources.jobs.training.permissions": {"action": "delete"},
        "resources.schemas.raw": {"action": "recreate"},
        "resources.schemas.raw.grants": {"action": "delete"},
        "resources.volumes.landing": {"action": "skip"},
        "resources.registered_models.model": {"action": "delete"},
    }
    changes = read_plan(json.dumps({"plan": plan}))
    assert "| update | `jobs.training` |  |" in list(describe_plan(changes))
    assert [line.split(" would")[0] for line in find_losses(changes)] == [
        "delete of registered_models.model",
        "recreate of schemas.raw",
    ]
    assert list(describe_plan([]))[-1].startswith("| none |")
    assert not Change("delete", "jobs.training").loses_data


def test_the_catalog_of_prod_is_bound_read_only_to_the_other_workspaces(project: Path) -> None:
    bind, isolate = list_calls(project)
    assert bind[:5] == ["databricks", "workspace-bindings", "update-bindings", "catalog", "prod"]
    kinds = {b["workspace_id"]: b["binding_type"] for b in json.loads(bind[-3])["add"]}
    assert kinds == {
        1111111111111111: "BINDING_TYPE_READ_ONLY",
        2222222222222222: "BINDING_TYPE_READ_ONLY",
        3333333333333333: "BINDING_TYPE_READ_WRITE",
    }
    there = ["--target", "prod"]
    isolated = ["databricks", "catalogs", "update", "prod", "--isolation-mode", "ISOLATED"]
    assert isolate == isolated + there
    assert bind[-2:] == there


def test_protecting_in_rehearsal_prints_the_calls_and_makes_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["protect", "--dry-run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_protecting_needs_the_cli(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protect"]) == 2
    assert "databricks is not on PATH: run make cli" in capsys.readouterr().err


def test_protecting_needs_a_workspace_of_its_own_for_prod(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, "databricks.yml", "adb-2222222222222222.2", "adb-3333333333333333.3")
    assert main(["protect", "--dry-run"]) == 2
    assert "staging: the workspace is prod's own" in capsys.readouterr().err


def test_protecting_needs_the_workspaces_numbers(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, "databricks.yml", "https://adb-2222222222222222.2", "https://staging")
    assert main(["protect", "--dry-run"]) == 2
    assert "https://staging.azuredatabricks.net: no workspace id" in capsys.readouterr().err


def test_a_job_that_should_run_all_the_time_and_does_not_is_found(project: Path) -> None:
    schedule, live = "schedule: ${var.refresh_lifecycle}", "continuous: {pause_status: UNPAUSED}"
    edit(project, "resources/lifecycle.job.yml", schedule, live)
    there = {"lifecycle": {"continuous": {"pause_status": "PAUSED"}}}
    assert list(find_trigger_faults(load_bundle(project, "prod"), there)) == [
        "jobs.lifecycle.continuous: it is PAUSED, not UNPAUSED: deploy again"
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 4 1 * ?",
        "0 0/15 8-18 ? * MON-FRI",
        "0 0 12 L * ? 2030",
        "0 30 9 ? * 6#3",
        "0 0 4 1,15 JAN ?",
        "0 0 4 ? * FRIL",
        "0 0 4 ? * FRI#2",
    ],
)
def test_cron_expressions_that_quartz_takes(expression: str) -> None:
    assert list(find_cron_faults(expression)) == []


@pytest.mark.parametrize(
    "expression",
    ["* * * * *", "0 0 24 1 * ?", "0 60 4 1 * ?", "0 0 4 32 * ?", "0 0 4 1 13 ?", "0 0 4 ? * MOO",
     "0 0 4 1 * MON", "0 0 4 ? * ?", "0 0/x 4 1 * ?", "0 -1 4 1 * ?", "0 0 4 ? * 8",
     "0 0/99 4 1 * ?", "0/0 0 4 1 * ?"],
)  # fmt: skip
def test_cron_expressions_that_quartz_refuses(expression: str) -> None:
    assert list(find_cron_faults(expression))
