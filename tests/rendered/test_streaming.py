"""The continuous job of the page `streaming` is one that can be deployed, on classic compute."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rendered import TEMPLATE, commit, copy_project, edit

from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import find_faults

PAGE = TEMPLATE / "docs/how-to/streaming.md"
OTHERS, PROD = "  setup_settings:\n", "    variables:\n      catalog: prod\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has followed the page."""
    project = copy_project(tmp_path_factory.mktemp("project"), "classic")
    turned_on, variable, job = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    edit(project, "databricks.yml", OTHERS, variable + OTHERS)
    edit(project, "databricks.yml", PROD, PROD + turned_on)
    (project / "resources/streaming_continuous.job.yml").write_text(job)
    commit(project)
    return project


def test_nothing_is_wrong_with_it(project: Path) -> None:
    assert find_faults(project) == []


def test_it_runs_without_an_end_and_without_retries(project: Path) -> None:
    job = load_bundle(project, "prod").jobs["streaming_continuous"]
    (task,) = job["tasks"]
    assert job["continuous"] == {"task_retry_mode": "ON_FAILURE", "pause_status": "UNPAUSED"}
    assert task["python_wheel_task"]["named_parameters"]["is_continuous"] == "true"
    assert not {"schedule", "trigger", "timeout_seconds"} & set(job)
    assert "max_retries" not in task


def test_the_schedule_is_turned_on_where_the_page_says(project: Path) -> None:
    statuses = {
        target: load_bundle(project, target).jobs["streaming"]["schedule"]["pause_status"]
        for target in ("dev", "prod")
    }
    assert statuses == {"dev": "PAUSED", "prod": "UNPAUSED"}
