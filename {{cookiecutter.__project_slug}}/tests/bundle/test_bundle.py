"""The bundle's wiring, for every target: what a deployment would find out too late."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import yaml
from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.parameters import NAMED_PARAMETERS
from bundlework.bundle.sources import walk
from bundlework.bundle.validate import find_faults, list_targets
from bundlework.delivery.describe import describe_bundle, draw_graph, put_graph

from {{ cookiecutter.__package }}.sinks.declaration import read_sinks

ROOT = Path(__file__).parents[2]
TARGETS = list_targets(ROOT)
JOBS = {
    "setup",
    "ingestion",
    "features",
    "training",
    "validation",
    "batch_inference",
    "streaming",
    "sinks",
    "serving",
    "monitoring",
    "lifecycle",
    "scoring",
    "rollback",
}
# What not every target has.
ELSEWHERE = {
    "dev": {"mirror", "integration_test"},
    "pull_request": {"integration_test"},
    "staging": {"integration_test"},
}
# What staging and prod may differ in, after their own names are replaced.
DIFFERENCES = re.compile(
    r"resources\.jobs\.\w+\.((schedule|trigger)\.pause_status|performance_target)"
    r"|resources\.jobs\.integration_test\..*"
    r"|presets\.trigger_pause_status"
    # Other systems may be handed the predictions of prod alone.
    r"|resources\.jobs\.sinks\..*\.(sinks|left)"
    # One target may serve, and another may not.
    r"|resources\.jobs\.serving\..*\.left"
    # Staging tests the jobs on a slice of the data.
    r"|resources\.jobs\.validation\..*\.judge_quality"
)


@pytest.fixture(params=TARGETS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return load_bundle(ROOT, request.param)


def test_nothing_is_wrong_with_it() -> None:
    assert find_faults(ROOT) == []


def test_every_entry_point_takes_the_settings_that_the_contract_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = read_contract(ROOT).settings
    assert set(declared) == set(project["scripts"])
    for name, target in project["scripts"].items():
        task = EntryPoint(name, target, "console_scripts").load()
        kind = task.settings
        assert declared[name] == f"{kind.__module__}:{kind.__name__}"


def test_every_job_is_declared_for_every_target(bundle: Bundle) -> None:
    assert set(bundle.jobs) == JOBS | ELSEWHERE.get(bundle.target, set())


def test_the_declared_sinks_can_be_read(bundle: Bundle) -> None:
    names = [sink.name for sink in read_sinks(bundle.config["variables"]["sinks"]["value"])]
    assert len(set(names)) == len(names)


def test_the_deployment_job_has_what_mlflow_asks_of_it(bundle: Bundle) -> None:
    job = bundle.jobs["validation"]
    assert {"model_name", "model_version"} <= {p["name"] for p in job["parameters"]}
    assert job["max_concurrent_runs"] == 1


def test_no_job_parameter_changes_what_a_task_is_told(bundle: Bundle) -> None:
    for job in bundle.jobs.values():
        names = [parameter["name"] for parameter in job["parameters"]]
        {% raw %}pushed = {name: "{{job.parameters." + name + "}}" for name in names}{% endraw %}
        for task in job["tasks"]:
            for kind, field in NAMED_PARAMETERS.items():
                own = task.get(kind, {}).get(field) or {}
                assert own == {name: pushed.get(name, value) for name, value in own.items()}


@pytest.mark.parametrize("job", ["lifecycle", "scoring"])
def test_the_date_is_passed_to_every_job(bundle: Bundle, job: str) -> None:
    tasks = bundle.jobs[job]["tasks"]
    {% raw %}expected = {"as_of": "{{job.parameters.as_of}}"}{% endraw %}
    assert [task["run_job_task"]["job_parameters"] for task in tasks] == [expected] * len(tasks)


def test_staging_mirrors_prod() -> None:
    staging, prod = (flatten(target) for target in ("staging", "prod"))
    differing = {path for path in {*staging, *prod} if staging.get(path) != prod.get(path)}
    assert {path for path in differing if not DIFFERENCES.fullmatch(path)} == set()
    assert differing


def flatten(target: str) -> dict[str, Any]:
    """Every value that a target deploys by its path, but for its catalog and its own name."""
    config = load_bundle(ROOT, target, {"catalog": "CATALOG"}).config
    parts = {part: config[part] for part in ("resources", "permissions", "sync", "presets")}
    return {
        ".".join(map(str, path)): re.sub(r"\b(staging|prod)\b", "TARGET", value)
        if isinstance(value, str)
        else value
        for path, value in walk(parts)
    }


def test_the_deployment_is_written_by_who_deployed_it_alone(bundle: Bundle) -> None:
    writers = [p for p in bundle.config["permissions"] if p["level"] == "CAN_MANAGE"]
    deployer = "user_name" if bundle.is_development else "service_principal_name"
    assert [set(writer) - {"level"} for writer in writers] == [{deployer}]


def test_business_viewers_may_read_where_the_metric_views_are(bundle: Bundle) -> None:
    (task,) = bundle.jobs["setup"]["tasks"]
    schema = task["python_wheel_task"]["named_parameters"]["monitoring"]
    schemas = {s["id"]: s for s in bundle.config["resources"]["schemas"].values()}
    grants = {grant["principal"]: grant["privileges"] for grant in schemas[schema]["grants"]}
    assert grants["business_viewers"] == ["USE_SCHEMA", "SELECT"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("group", ["reviewers", "ml_engineers"])
def test_approvers_may_do_what_the_button_does(target: str, group: str) -> None:
    resources = load_bundle(ROOT, target, {"approvers": group}).config["resources"]
    model, schema = resources["registered_models"]["model"], resources["schemas"]["models"]
    # The button sets a tag, which needs the schema too, and repairs the run of the job.
    assert {"EXECUTE", "APPLY_TAG"} <= list_privileges(model, group)
    assert {"USE_SCHEMA", "SELECT"} <= list_privileges(schema, group)
    manages = "CAN_MANAGE" if group == "ml_engineers" else "CAN_MANAGE_RUN"
    assert find_level(resources["jobs"]["validation"], group) == manages
    # The model card is an artifact of the version's run.
    reads = "CAN_MANAGE" if group == "ml_engineers" else "CAN_READ"
    assert find_level(resources["experiments"]["training_runs"], group) == reads


def test_no_other_group_may_set_tags(bundle: Bundle) -> None:
    for group in ("schemas", "registered_models"):
        for resource in bundle.config["resources"][group].values():
            for grant in resource["grants"]:
                may = {"APPLY_TAG", "MANAGE", "ALL_PRIVILEGES"} & {*grant["privileges"]}
                assert not may or grant["principal"] == "ml_engineers"


def list_privileges(resource: dict[str, Any], group: str) -> set[str]:
    (grant,) = [grant for grant in resource["grants"] if grant["principal"] == group]
    return {*grant["privileges"]}


def find_level(resource: dict[str, Any], group: str) -> str:
    (level,) = [p["level"] for p in resource["permissions"] if p.get("group_name") == group]
    return str(level)


def test_a_task_that_is_safe_to_repeat_is_repeated_in_prod_alone() -> None:
    retries = {t: list_retries(load_bundle(ROOT, t)) for t in ("dev", "prod")}
    for task in ("validate", "approval", "return"):
        assert retries["prod"].pop(task) == retries["dev"].pop(task) == 0
    assert set(retries["prod"].values()) == {2}
    assert set(retries["dev"].values()) == {0}


def list_retries(bundle: Bundle) -> dict[str, Any]:
    tasks = [task for job in bundle.jobs.values() for task in job["tasks"]]
    return {t["task_key"]: t["max_retries"] for t in tasks if "python_wheel_task" in t}


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_exploration_is_not_deployed_to_staging_and_prod(target: str) -> None:
    assert "notebooks/explore.py" in load_bundle(ROOT, target).config["sync"]["exclude"]


def test_the_bundle_has_no_secret_and_no_token() -> None:
    texts = [file.read_text() for file in (ROOT / "databricks.yml", *ROOT.glob("resources/*.yml"))]
    assert not re.search(
        r"(?i)(password|token|client_secret)\s*:|dapi[0-9a-f]{8}", "\n".join(texts)
    )


def test_a_run_is_too_long_after_its_parts_may_be_and_before_it_is_ended(bundle: Bundle) -> None:
    limits = {key: get_limit(job) for key, job in bundle.jobs.items()}
    for key, job in bundle.jobs.items():
        called = [t["run_job_task"]["job_id"] for t in job["tasks"] if "run_job_task" in t]
        parts = [limits[bundle.get_job(number)] for number in called]
        assert max(parts, default=0) < limits[key] < job["timeout_seconds"], key


def get_limit(job: dict[str, Any]) -> int:
    (rule,) = job["health"]["rules"]
    return int(rule["value"])


def test_the_wheel_leaves_the_runtimes_packages_to_the_runtime() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    brought = ("pyspark", "delta-spark", "mlflow", "databricks-feature-engineering")
    depends = project["project"]["dependencies"]
    assert not [d for d in depends if d.startswith(brought)]


def test_the_dashboards_tables_show_every_field_that_they_ask_for() -> None:
    dashboard = json.loads((ROOT / "dashboards/model_health.lvdash.json").read_text())
    widgets = [part["widget"] for page in dashboard["pages"] for part in page["layout"]]
    tables = [widget for widget in widgets if widget["spec"]["widgetType"] == "table"]
    assert tables
    for table in tables:
        asked = [f["name"] for f in table["queries"][0]["query"]["fields"]]
        columns = table["spec"]["encodings"]["columns"]
        assert table["spec"]["version"] == 2
        assert [(c["order"], c["fieldName"]) for c in columns] == [*enumerate(asked)]
        assert all({"title", "type", "displayAs"} <= c.keys() and c["visible"] for c in columns)


def test_each_file_declares_one_resource_and_is_named_after_it() -> None:
    for file in sorted((ROOT / "resources").glob("*.yml")):
        content = yaml.safe_load(file.read_text())
        for part in content.get("targets", {"all": content}).values():
            declared = part["resources"]
            names = [f"{key}.{kind[:-1]}.yml" for kind, group in declared.items() for key in group]
            assert names == [file.name]


def test_the_documents_say_what_the_yaml_says() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == put_graph(readme, draw_graph(load_bundle(ROOT, "prod"))), "run make docs"
    assert (ROOT / "docs/bundle.md").read_text() == describe_bundle(ROOT), "run make docs"
