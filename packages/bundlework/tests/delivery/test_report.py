"""The page for a reviewer says what a branch changes, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import mlflow
import pytest
from rendered import commit, copy_project, edit

from bundlework.__main__ import main
from bundlework.delivery.model_comparison import compare_metrics, read_metrics
from bundlework.laptop.tracking import open_tracking

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_works" time="1.5"/>
<testcase classname="tests.test_a" name="test_breaks" time="1"><failure message="x"/></testcase>
<testcase classname="tests.test_a" name="test_waits" time="0"><skipped/></testcase>
</testsuite></testsuites>
"""
COVERAGE = """<coverage><packages><package><classes>
<class filename="src/flight_delays/settings.py"><lines>
<line number="1" hits="1"/><line number="2" hits="0"/>
</lines></class>
</classes></package></packages></coverage>
"""


PROD_HOST = "https://adb-3333333333333333.3.azuredatabricks.net"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = copy_project(tmp_path / "project")
    # No test changes these files: a report of a change of the others trains no model.
    settings = made / "pyproject.toml"
    trained_by = re.sub(r"(?m)^trained_by = .*$", 'trained_by = ["uv.lock"]', settings.read_text())
    settings.write_text(trained_by)
    commit(made)
    monkeypatch.chdir(made)
    return made


def report(project: Path) -> str:
    assert main(["report", "--base", "HEAD^"]) == 0
    return (project / "build/report/report.md").read_text()


def test_a_changed_value_of_a_job_is_told_for_staging_and_prod(project: Path) -> None:
    edit(project, "resources/scoring.job.yml", "timeout_seconds: 7200", "timeout_seconds: 60")
    commit(project)
    page = report(project)
    assert page.count("| `jobs.scoring.timeout_seconds` | `7200` | `60` |") == 2
    assert page.count("| `jobs.") == 2
    assert "Nothing changes that the model is trained by." in page


def test_a_bundle_that_stays_is_told_too(project: Path) -> None:
    edit(project, "README.md", "# ", "# The ")
    commit(project)
    stays = "Resources, workspace, permissions, presets and variables stay as they are."
    assert report(project).count(stays) == 2


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        (PROD_HOST, "https://adb-9.azuredatabricks.net", "workspace.host"),
        ("${bundle.target}\n    presets:\n      trigger_pause_status: UNPAUSED",
         "elsewhere\n    presets:\n      trigger_pause_status: UNPAUSED", "workspace.root_path"),
        ("default: flight_delays_deployer", "default: someone", "variables.deployer"),
        ("trigger_pause_status: UNPAUSED", "trigger_pause_status: PAUSED",
         "presets.trigger_pause_status"),
        ("  prod:\n    mode: production", "  prod:\n    mode: development", "mode"),
        ("level: CAN_VIEW", "level: CAN_RUN", "permissions.1.level"),
        ("[USE_SCHEMA, SELECT]", "[USE_SCHEMA]", "variables.data_scientists_privileges.1"),
    ],
)  # fmt: skip
def test_what_is_no_resource_is_told_as_itself(project: Path, old: str, new: str, row: str) -> None:
    edit(project, "databricks.yml", old, new)
    commit(project)
    prod = report(project).split("**prod**")[1].split("\n## ")[0]
    rows = [line for line in prod.splitlines() if line.startswith("| `")]
    assert any(line.startswith(f"| `{row}` |") for line in rows), rows
    assert len([line for line in rows if line.startswith("| `workspace.")]) <= 1


def test_tests_and_coverage_of_the_changed_lines_are_told(project: Path) -> None:
    (project / "junit.xml").write_text(JUNIT)
    (project / "coverage.xml").write_text(COVERAGE)
    text = (project / "src/flight_delays/settings.py").read_text()
    (project / "src/flight_delays/settings.py").write_text("# One.\n# Two.\n" + text)
    commit(project)
    page = report(project)
    assert "| junit.xml | 3 | 1 | 1 | 2 |" in page
    assert "- `tests.test_a.test_breaks`" in page
    assert "src/flight_delays/settings&#46;py (50.0%)" in page


def test_nothing_is_left_of_the_base(project: Path) -> None:
    edit(project, "README.md", "# ", "# The ")
    commit(project)
    report(project)
    done = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1


def test_a_base_that_does_not_exist_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--base", "origin/nothing"]) == 2
    assert "invalid reference: origin/nothing" in capsys.readouterr().err


def test_metrics_are_those_of_the_last_version(tmp_path: Path) -> None:
    open_tracking(tmp_path)
    client = mlflow.MlflowClient()
    client.create_registered_model("dev.models.model")
    experiment = client.create_experiment("training")
    for value in (0.6, 0.7):
        run = client.create_run(experiment).info.run_id
        client.log_metric(run, "tuning_auc", value)
        client.create_model_version("dev.models.model", f"runs:/{run}/model", run)
    assert read_metrics(tmp_path) == {"tuning_auc": 0.7}


def test_only_metrics_that_both_have_are_compared() -> None:
    rows = list(compare_metrics({"auc": 0.7, "old": 1.0}, {"auc": 0.75, "new": 1.0}))
    assert rows[2:] == ["| auc | 0.7000 | 0.7500 | +0.0500 |"]
