"""The bundle's wiring, for every target: what a deployment would find out too late."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.bundles.jobs import Job
from databricks.bundles.schemas import Schema
from databricks.bundles.volumes import Volume

from {{ cookiecutter.__package }} import settings, tables
from local.bundle import Bundle, load_bundle
from local.graph import check_job

ROOT = Path(__file__).parents[2]
TARGETS = tuple(yaml.safe_load((ROOT / "databricks.yml").read_text())["targets"])
JOBS = {
    "setup",
    "ingestion",
    "features",
    "training",
    "validation",
    "batch_inference",
    "monitoring",
    "lifecycle",
}
SETTINGS = {
    "setup": settings.SetupSettings,
    "validation": settings.ValidationSettings,
    "promotion": settings.ValidationSettings,
}


@pytest.fixture(params=TARGETS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return load_bundle(ROOT, request.param)


def list_wheel_tasks(bundle: Bundle) -> list[dict[str, Any]]:
    tasks = [task for job in bundle.jobs.values() for task in job["tasks"]]
    return [task["python_wheel_task"] for task in tasks if "python_wheel_task" in task]


def test_every_job_is_declared_and_its_graph_is_sound(bundle: Bundle) -> None:
    assert set(bundle.jobs) == JOBS
    for job in bundle.jobs:
        check_job(bundle, job)


def test_resources_are_what_databricks_takes(bundle: Bundle) -> None:
    kinds = {"jobs": Job, "schemas": Schema, "volumes": Volume}
    for kind, resource_type in kinds.items():
        for resource in bundle.config["resources"][kind].values():
            resource_type.from_dict({k: v for k, v in resource.items() if k != "id"})


def test_tasks_pass_the_parameters_that_their_entry_points_take(bundle: Bundle) -> None:
    for task in list_wheel_tasks(bundle):
        takes = SETTINGS.get(task["entry_point"], settings.Settings).model_fields
        assert set(task["named_parameters"]) == set(takes), task["entry_point"]


def test_the_deployment_job_has_what_mlflow_asks_of_it(bundle: Bundle) -> None:
    job = bundle.jobs["validation"]
    assert {"model_name", "model_version"} <= {p["name"] for p in job["parameters"]}
    assert job["max_concurrent_runs"] == 1


def test_the_lifecycle_passes_its_date_to_every_job(bundle: Bundle) -> None:
    tasks = bundle.jobs["lifecycle"]["tasks"]
    {% raw %}expected = {"as_of": "{{job.parameters.as_of}}"}{% endraw %}
    assert [task["run_job_task"]["job_parameters"] for task in tasks] == [expected] * len(tasks)


def test_every_table_lies_in_a_schema_of_the_targets_own_catalog(bundle: Bundle) -> None:
    own = bundle.config["variables"]["catalog"]["value"]
    for task in list_wheel_tasks(bundle):
        named = task["named_parameters"]
        for table in (*tables.RAW_TABLES, *tables.FEATURE_TABLES, *tables.RECORD_TABLES):
            assert named[table.schema].split(".")[0] == own
            assert named[table.schema] in bundle.schemas


def test_targets_write_to_catalogs_of_their_own() -> None:
    catalogs = [load_bundle(ROOT, t).config["variables"]["catalog"]["value"] for t in TARGETS]
    assert len(set(catalogs)) == len(TARGETS)


def test_development_schedules_nothing_and_prefixes_names() -> None:
    bundle = load_bundle(ROOT, "dev")
    assert all(job["name"].startswith("[dev ") for job in bundle.jobs.values())
    assert all(schema.split(".")[1].startswith("dev_") for schema in bundle.schemas)


def test_the_wheel_leaves_the_runtimes_packages_to_the_runtime() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    brought = ("pyspark", "delta-spark", "mlflow", "databricks-feature-engineering")
    depends = project["project"]["dependencies"]
    assert not [d for d in depends if d.startswith(brought)]


def test_the_job_environment_and_the_laptop_have_the_same_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = project["dependency-groups"]["dev"]
    environment = load_bundle(ROOT).config["variables"].get("dependencies", {"value": []})["value"]
    assert [d for d in environment if "==" in d and d not in pinned] == []


def test_each_file_declares_one_resource_and_is_named_after_it() -> None:
    for file in sorted((ROOT / "resources").glob("*.yml")):
        declared = yaml.safe_load(file.read_text())["resources"]
        names = [f"{key}.{kind[:-1]}.yml" for kind, group in declared.items() for key in group]
        assert names == [file.name]
