"""What the how-to pages show works, and names what the bundle has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rendered import ROOT, copy_project, edit
from workspace import MISSING, WHY, FakeWorkspace

from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import find_faults

PAGES = ROOT / "docs/how-to"


def read_activities() -> dict[str, dict[str, Any]]:
    pipeline = json.loads((PAGES / "data-factory-pipeline.json").read_text())["properties"]
    return {activity["name"]: activity for activity in pipeline["activities"]}


def test_data_factory_names_jobs_and_parameters_of_the_bundle() -> None:
    jobs = load_bundle(ROOT, "prod").jobs
    running = [a for a in read_activities().values() if a["type"] == "DatabricksJob"]
    assert running
    for activity in running:
        declared = {parameter["name"] for parameter in jobs[activity["name"]]["parameters"]}
        assert set(activity["typeProperties"]["jobParameters"]) <= declared


def test_data_factory_waits_longer_than_the_job_and_says_when_it_fails() -> None:
    activities = read_activities()
    hours = int(activities["scoring"]["policy"]["timeout"].split(".")[1][:2])
    assert hours * 3600 > load_bundle(ROOT, "prod").jobs["scoring"]["timeout_seconds"]
    (needed,) = activities["say_that_it_failed"]["dependsOn"]
    assert needed == {"activity": "scoring", "dependencyConditions": ["Failed"]}


def test_data_factory_declares_every_parameter_that_it_uses() -> None:
    text = (PAGES / "data-factory-pipeline.json").read_text()
    used = set(re.findall(r"pipeline\(\)\.parameters\.(\w+)", text))
    assert used == set(json.loads(text)["properties"]["parameters"])


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_verbs_and_pages_that_a_page_names_exist(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    text = re.sub(r"`make [^`]*` in the template", "", page.read_text())
    assert set(re.findall(r"(?:(?<=`)|(?<=\n))make ([a-z-]+)", text)) <= verbs
    for link in re.findall(r"\]\(([\w./-]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_data_factory_may_start_scoring_as_the_page_says(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    text = (PAGES / "data-factory.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?) *```", text, re.DOTALL)
    edit(project, "resources/scoring.job.yml", "      permissions: ${var.managers}\n", block)
    assert find_faults(project) == []
    permissions = load_bundle(project, "prod").jobs["scoring"]["permissions"]
    levels = {p.get("service_principal_name"): p["level"] for p in permissions}
    assert levels["00000000-0000-0000-0000-000000000000"] == "CAN_MANAGE_RUN"


def test_a_second_development_workspace_passes_the_projects_own_checks(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    text = (PAGES / "second-dev-workspace.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    edit(project, "databricks.yml", "  # A copy for one pull", f"{block}\n  # A copy for one pull")
    assert find_faults(project) == []
    tests = [sys.executable, "-m", "pytest", "-q", "tests/bundle"]
    done = subprocess.run(tests, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


READING = {"SELECT", "MODIFY", "READ_VOLUME", "WRITE_VOLUME", "ALL_PRIVILEGES", "MANAGE"}


def withhold(project: Path) -> Path:
    """The project with what the page on mirrors sets in staging and prod."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (PAGES / "mirror.md").read_text(), re.DOTALL)
    lines = "".join(f"      {line.strip()}\n" for line in block.strip().splitlines())
    for target in ("staging", "prod"):
        edit(
            project,
            "databricks.yml",
            f"      catalog: {target}\n",
            f"      catalog: {target}\n{lines}",
        )
    return project


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_who_works_on_a_mirror_reads_no_raw_table_and_no_file(tmp_path: Path, target: str) -> None:
    resources = load_bundle(withhold(copy_project(tmp_path)), target).config["resources"]
    holders = {"raw": resources["schemas"]["raw"], **resources["volumes"]}
    for name, holder in holders.items():
        grants = {grant["principal"]: {*grant["privileges"]} for grant in holder["grants"]}
        # Nobody but engineers sees how far a stream has come.
        assert ("data_scientists" in grants) == (name != "checkpoints")
        assert not grants.get("data_scientists", set()) & READING
        assert grants["ml_engineers"] & READING


@pytest.mark.skipif(MISSING, reason=WHY)
def test_the_cli_accepts_what_withholds_raw_tables_and_files(
    workspace: FakeWorkspace, project: Path
) -> None:
    said = workspace.run(withhold(project), "validate", "--strict", "-t", "prod")
    assert "Validation OK!" in said
    workspace.run(project, "deploy", "-t", "prod")
    path = "/api/2.1/unity-catalog/permissions/volume/prod.flight_delays_raw.landing"
    granted = workspace.ask("GET", path)["privilege_assignments"]
    assert {"principal": "data_scientists", "privileges": ["APPLY_TAG"]} in granted


@pytest.mark.skipif(MISSING, reason=WHY)
def test_another_ci_starts_a_job_and_moves_a_git_folder_through_the_rest_api(
    workspace: FakeWorkspace, project: Path
) -> None:
    tags = {"project": "another", "target": "prod"}
    other = workspace.ask("POST", "/api/2.2/jobs/create", {"name": "scoring", "tags": tags})
    workspace.run(project, "deploy", "-t", "prod")
    text = (PAGES / "other-ci.md").read_text()
    (example,) = re.findall(r"<!-- example -->\n```bash\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    run, moved = read_answers(done.stdout)
    assert run["run_name"] == "scoring"
    assert run["job_id"] != other["job_id"]
    assert {"as_of": "2013-06-10"}.items() <= {
        p["name"]: p["value"] for p in run["job_parameters"]
    }.items()
    folder = workspace.ask("GET", f"/api/2.0/repos/{moved['id']}")
    assert folder["branch"] == "release/1.2.0"


def read_answers(text: str) -> Iterator[Any]:
    """JSON values that were printed one after the other."""
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        text = text[end:]
        yield value
