"""What variables that are empty, or have another form, do when somebody sets them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendered import COMPUTES, ROOT, TARGETS, copy_project

from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import find_faults
from bundlework.delivery.describe import describe_bundle
from bundlework.laptop.workspace import find_read_only

# The values that descriptions and pages advise for a variable, as a target would set them.
PERMISSION = "[{{group_name: x, level: {}}}]"
ADVISED = {
    "approval": ["required", "automatic"],
    "approvers": ["reviewers"],
    "as_of": ['"{{job.start_time.iso_date}}"'],
    "build": ['"true"'],
    "data_scientists_privileges": ["[USE_SCHEMA, SELECT]"],
    "experiment_users": [PERMISSION.format(f"CAN_{may}") for may in ("READ", "EDIT", "MANAGE")],
    "judge_quality": ['"true"', '"false"'],
    "managers": [PERMISSION.format("CAN_MANAGE_RUN")],
    "performance_target": ["STANDARD", "PERFORMANCE_OPTIMIZED"],
    "raw_privileges": ["[USE_SCHEMA]"],
    "refresh_features": ['{table_update: {table_names: ["${var.catalog}.raw.outcomes"]}}'],
    "refresh_streaming": [
        '{quartz_cron_expression: "0 0 * * * ?", timezone_id: UTC, pause_status: PAUSED}'
    ],
    "refresh_scoring": [
        "{periodic: {interval: 1, unit: DAYS}, pause_status: PAUSED}",
        '{table_update: {table_names: ["${var.catalog}.raw.flights"]}}',
    ],
    "superiority": ['"true"', '"false"'],
    "tree": ["clean", "dirty", "unknown"],
    "validation_managers": [PERMISSION.format("CAN_MANAGE_RUN")],
    "volume_privileges": ["[APPLY_TAG]"],
}
# Words in capitals that the platform knows as values.
CONSTANT = re.compile(r"\b(?:CAN_[A-Z_]+|[A-Z]+_[A-Z_]+|STANDARD)\b")
LAKE = "abfss://data@lake.dfs.core.windows.net/flights"
GPU = "Standard_NC4as_T4_v3"
ON_UPDATE = """\
      refresh_{}:
        table_update:
          table_names: ["${{var.source_catalog}}.${{var.source_schema}}.flights"]
"""


def load(folder: Path, compute: str, target: str, **given: str) -> dict[str, Any]:
    return load_bundle(copy_project(folder, compute), target, given).config["resources"]


def list_clusters(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each job's cluster, of those that have one."""
    jobs = {k: job["job_clusters"] for k, job in resources["jobs"].items() if "job_clusters" in job}
    return {key: each["new_cluster"] for key, clusters in jobs.items() for each in clusters}


@pytest.mark.parametrize("compute", COMPUTES)
@pytest.mark.parametrize("target", TARGETS)
def test_every_schema_and_job_takes_what_is_set(tmp_path: Path, compute: str, target: str) -> None:
    resources = load(tmp_path, compute, target, storage_root=LAKE, budget_policy="budget")
    assert {schema["storage_root"] for schema in resources["schemas"].values()} == {LAKE}
    assert {job["budget_policy_id"] for job in resources["jobs"].values()} == {"budget"}


@pytest.mark.parametrize("target", TARGETS)
def test_every_cluster_has_the_policy_and_training_alone_its_machine(
    tmp_path: Path, target: str
) -> None:
    resources = load(tmp_path, "classic", target, cluster_policy="policy", training_node_type=GPU)
    clusters = list_clusters(resources)
    wheels = {k for k, job in resources["jobs"].items() if "python_wheel_task" in str(job["tasks"])}
    assert set(clusters) >= wheels
    assert {cluster["policy_id"] for cluster in clusters.values()} == {"policy"}
    machines = {key: cluster["node_type_id"] for key, cluster in clusters.items()}
    assert machines.pop("training") == GPU
    assert set(machines.values()) == {"Standard_D4ds_v5"}


def test_schemas_that_sources_read_are_listed_and_never_written(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    main = project / "databricks.yml"
    listed = "shop=partners.shop raw=prod.flight_delays_raw own=dev.sales"
    text, times = re.subn(
        r'(They are only read.\n    default: )""', rf"\1{listed}", main.read_text()
    )
    assert times == 1
    main.write_text(text)
    assert find_faults(project) == []
    assert {*find_read_only(load_bundle(project, "dev"))} == {"partners", "prod"}
    assert {*find_read_only(load_bundle(project, "prod"))} == {"partners", "dev"}


@pytest.fixture
def updated(tmp_path: Path) -> Path:
    """A project that computes features and scores when a table changes."""
    project = copy_project(tmp_path)
    main = project / "databricks.yml"
    values = "".join(map(ON_UPDATE.format, ("scoring", "features")))
    text, times = re.subn(r"(      catalog: \w+\n)", rf"\1{values}", main.read_text())
    assert times == len(TARGETS)
    main.write_text(text)
    return project


@pytest.mark.parametrize("job", ["scoring", "features"])
def test_a_job_may_start_when_a_table_changes(updated: Path, job: str) -> None:
    assert find_faults(updated) == []
    for target in TARGETS:
        trigger = dict(load_bundle(updated, target).jobs[job]["trigger"])
        assert trigger.pop("pause_status") == ("UNPAUSED" if target == "prod" else "PAUSED")
        (names,) = trigger.pop("table_update").values()
        assert [name.split(".")[-1] for name in names] == ["flights"]
        assert trigger == {}


def test_the_page_says_that_scoring_starts_when_a_table_changes(updated: Path) -> None:
    rows = describe_bundle(updated).splitlines()
    row = next(row for row in rows if row.startswith("| `scoring`"))
    assert "when a source table changes, in prod" in row
    assert "every" not in row


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in ADVISED.items() for value in values]
)
def test_what_is_advised_for_a_variable_is_accepted(tmp_path: Path, name: str, value: str) -> None:
    project = copy_project(tmp_path)
    main = project / "databricks.yml"
    declared, targets = main.read_text().split("\ntargets:\n")
    # A variable that the target sets already gets the advised value instead.
    targets = re.sub(rf"(?m)^      {name}:.*\n", "", targets)
    targets, times = re.subn(r"(      catalog: \w+\n)", rf"\1      {name}: {value}\n", targets)
    assert times == len(TARGETS)
    main.write_text(f"{declared}\ntargets:\n{targets}")
    assert find_faults(project) == []


def test_every_value_that_a_description_advises_is_tried() -> None:
    for file in ("databricks.yml", "compute.yml"):
        for name, variable in yaml.safe_load((ROOT / file).read_text())["variables"].items():
            named = CONSTANT.findall(variable["description"])
            assert {*named} <= {*CONSTANT.findall(str(ADVISED.get(name)))}, name


def test_every_level_that_a_page_advises_is_tried() -> None:
    pages = [page for page in ROOT.glob("docs/**/*.md") if page.name != "bundle.md"]
    advised = {
        level for page in pages for level in re.findall(r"`(CAN_[A-Z_]+)`", page.read_text())
    }
    assert advised
    assert advised <= {*CONSTANT.findall(str(ADVISED))}
