"""The resolver gives what the Databricks CLI gives, key by key.

With the CLI they are compared directly; without it, with what the CLI gave when it was recorded
(`RECORD=1` records anew).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from oracle import COMMIT, ask_cli, drop_empty, keep_record, list_differences, pick
from rendered import COMPUTES, TARGETS, USER, copy_project, edit
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.bundle.loading import load_bundle

RECORDED = Path(__file__).parent / "recorded"
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


def resolve_here(project: Path, target: str) -> dict[str, Any]:
    given = {"deployer": USER, "warehouse_id": "WAREHOUSE"}
    config = load_bundle(project, target, given).config
    config["resources"] = drop_empty(config["resources"])
    return json.loads(json.dumps(pick(config)).replace(config["bundle"]["git"]["commit"], COMMIT))


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
    keep_record(RECORDED / f"{name}.json", config)
    assert list_differences(config, resolve_here(project, target)) == []
