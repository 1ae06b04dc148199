"""The resolver gives what the Databricks CLI gives, key by key.

With the CLI they are compared directly; without it, with what the CLI gave when it was recorded
(`RECORD=1` records anew).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rendered import COMPUTES, TARGETS, USER, copy_project, edit
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.bundle.loading import add_ids, load_bundle
from bundlework.bundle.reading import anchor_paths
from bundlework.bundle.references import resolve
from bundlework.bundle.yaml_source import Places

RECORDED = Path(__file__).parent / "recorded"
COMMIT = "0" * 40
# What the CLI adds for itself, and a laptop has no use for.
OF_THE_CLI = {
    "deployment", "edit_mode", "format", "volume_path", "embed_credentials", "parent_path",
    "serialized_dashboard",
}  # fmt: skip

# Where it is empty, the CLI leaves it out: a workspace would refuse it.
LEFT_OUT = {
    "budget_policy_id", "environment_key", "job_cluster_key", "policy_id", "storage_root",
}  # fmt: skip

# Lists merged by their keys, others appended, null over a value, a variable inside a variable, and
# who runs it: a target replaces the bundle's identity.
RUN_AS = "run_as: {service_principal_name: somebody}\n"
OVERRIDES = """
variables:
  inner: {default: in}
  outer: {type: complex, default: {deep: {text: "${var.inner}-${bundle.target}"}}}
resources:
  jobs:
    clustered:
      name: clustered
      environments:
        - {environment_key: a, spec: {environment_version: "5", dependencies: [x]}}
      job_clusters:
        - {job_cluster_key: a, new_cluster: {spark_version: v, node_type_id: n, num_workers: 1}}
      tasks:
        - task_key: only
          notebook_task: {notebook_path: /Shared/notebook}
          environment_key: a
    own:
      name: own
      run_as: {user_name: me@example.com}
      tasks:
        - {task_key: only, notebook_task: {notebook_path: /Shared/notebook}}
  alerts:
    late:
      display_name: late
      query_text: SELECT 1
      warehouse_id: ${var.warehouse_id}
      schedule: {quartz_cron_schedule: "0 0 4 * * ?", timezone_id: UTC}
      evaluation:
        comparison_operator: GREATER_THAN
        source: {name: x}
        threshold: {value: {double_value: 1}}
targets:
  staging:
    run_as: {user_name: other@example.com}
    presets: {name_prefix: "[Téam  9] "}
    variables: {inner: other}
    resources:
      jobs:
        training:
          description: null
          parameters: [{name: as_of, default: "2013-01-01"}, {name: more, default: ""}]
          tags: {text: "${var.outer.deep.text}"}
          tasks:
            - {task_key: train, timeout_seconds: 60}
            - task_key: after
              depends_on: [{task_key: train}]
              condition_task: {op: EQUAL_TO, left: a, right: ""}
        clustered:
          environments:
            - {environment_key: a, spec: {dependencies: [y]}}
            - {environment_key: b, spec: {environment_version: "5"}}
          job_clusters:
            - {job_cluster_key: a, new_cluster: {num_workers: 2}}
            - {job_cluster_key: b, new_cluster: {spark_version: v, node_type_id: n, num_workers: 3}}
      schemas:
        raw:
          grants:
            - {principal: "${var.ml_engineers}", privileges: [SELECT, MODIFY]}
  dev:
    presets: {tags: {dev: mine}, jobs_max_concurrent_runs: 2}
    resources:
      jobs:
        training:
          schedule: {quartz_cron_expression: "0 0 4 1 * ?", timezone_id: UTC}
          queue: {enabled: false}
"""

SAMPLES = {
    f"{compute}-{target}": (compute, target, "") for compute in COMPUTES for target in TARGETS
} | {f"overrides-{target}": ("serverless", target, OVERRIDES) for target in ("dev", "staging")}


def copy_sample(folder: Path, name: str) -> tuple[Path, str]:
    """A project with the sample's overrides, and the target to resolve."""
    compute, target, overrides = SAMPLES[name]
    project = copy_project(folder, compute)
    if overrides:
        (project / "resources/overrides.yml").write_text(overrides)
        edit(project, "databricks.yml", "targets:\n", f"{RUN_AS}\ntargets:\n")
    return project, target


def pick(config: dict[str, Any]) -> dict[str, Any]:
    """The parts that both know."""
    # The CLI normalises a file's path where a resource has it, not yet in a variable.
    values = {name: v["value"] for name, v in config["variables"].items()}
    variables = anchor_paths(values, Path())
    workspace = {k: v for k, v in config["workspace"].items() if k.endswith("_path")}
    bundle = {key: config["bundle"][key] for key in ("name", "target")}
    parts = {k: config.get(k, []) for k in ("permissions", "presets", "run_as")}
    parts["resources"] = config["resources"]
    return clean({**parts, "bundle": bundle, "variables": variables, "workspace": workspace})


def drop_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: drop_empty(v) for k, v in value.items() if v != "" or k not in LEFT_OUT}
    return [drop_empty(part) for part in value] if isinstance(value, list) else value


def clean(value: Any) -> Any:
    """Without what only the CLI has, and with tasks and tags in the order of their keys."""
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if k not in OF_THE_CLI}
    if not isinstance(value, list):
        return value
    parts = [clean(part) for part in value]
    keyed = parts and isinstance(parts[0], dict) and ({"task_key", "key"} & set(parts[0]))
    return sorted(parts, key=lambda p: p.get("task_key") or p.get("key")) if keyed else parts


def ask_cli(workspace: FakeWorkspace, project: Path, target: str) -> dict[str, Any]:
    """The CLI's own resolution; the references it leaves to the deployment are followed."""
    config = json.loads(workspace.run(project, "validate", "-o", "json", "-t", target))
    add_ids(config)
    text = json.dumps(pick(resolve(config, Places(project), ("resources",))))
    commit = config["bundle"]["git"]["commit"]
    return json.loads(text.replace(workspace.warehouse, "WAREHOUSE").replace(commit, COMMIT))


def resolve_here(project: Path, target: str) -> dict[str, Any]:
    given = {"deployer": USER, "warehouse_id": "WAREHOUSE"}
    config = load_bundle(project, target, given).config
    config["resources"] = drop_empty(config["resources"])
    return json.loads(json.dumps(pick(config)).replace(config["bundle"]["git"]["commit"], COMMIT))


def list_differences(a: Any, b: Any, path: str = "") -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = sorted(set(a) | set(b))
        pairs = [(a.get(k, "absent"), b.get(k, "absent"), f"{path}.{k}") for k in keys]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = [(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True))]
    else:
        return [] if str(a) == str(b) else [f"{path}: the CLI has {a!r}, the resolver has {b!r}"]
    return [found for x, y, at in pairs for found in list_differences(x, y, at)]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_equals_what_the_cli_gave(tmp_path: Path, name: str) -> None:
    record = json.loads((RECORDED / f"{name}.json").read_text())
    here = resolve_here(*copy_sample(tmp_path, name))
    assert list_differences(record["config"], here) == [], record["cli"]


@pytest.mark.skipif(MISSING, reason=WHY)
@pytest.mark.parametrize("name", SAMPLES)
def test_it_equals_what_the_cli_gives(tmp_path: Path, name: str) -> None:
    project, target = copy_sample(tmp_path, name)
    config = ask_cli(FakeWorkspace(), point_to_fake(project), target)
    if os.environ.get("RECORD"):
        version = subprocess.run(
            ["databricks", "--version"], capture_output=True, text=True, check=False
        ).stdout
        record = {"cli": version.strip(), "config": config}
        RECORDED.mkdir(exist_ok=True)
        path = RECORDED / f"{name}.json"
        path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    assert list_differences(config, resolve_here(project, target)) == []
