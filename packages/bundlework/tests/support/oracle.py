"""What the resolver and the Databricks CLI make of a bundle, in a form to compare."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from workspace import FakeWorkspace

from bundlework.bundle.loading import add_ids
from bundlework.bundle.references import resolve
from bundlework.bundle.yaml_source import Places

COMMIT = "0" * 40
# What the CLI adds for itself, and a laptop has no use for.
OF_THE_CLI = {
    "deployment", "edit_mode", "format", "serialized_dashboard", "serialized_space",
}  # fmt: skip

# Where it is empty, the CLI leaves it out: a workspace would refuse it.
LEFT_OUT = {
    "budget_policy_id", "environment_key", "job_cluster_key", "policy_id", "storage_root",
}  # fmt: skip


def pick(config: dict[str, Any]) -> dict[str, Any]:
    """The parts that both know."""
    variables = {name: v["value"] for name, v in config.get("variables", {}).items()}
    workspace = {k: v for k, v in config["workspace"].items() if k.endswith("_path")}
    bundle = {key: config["bundle"][key] for key in ("name", "target")}
    given = ("permissions", "presets", "run_as")
    parts = {k: config[k] for k in given if config.get(k) is not None}
    parts["resources"] = config.get("resources", {})
    return clean({**parts, "bundle": bundle, "variables": variables, "workspace": workspace})


def drop_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: drop_empty(v) for k, v in value.items() if v != "" or k not in LEFT_OUT}
    return [drop_empty(part) for part in value] if isinstance(value, list) else value


def clean(value: Any) -> Any:
    """Without what only the CLI has, and with tasks and tags in the order of their keys."""
    if isinstance(value, dict):
        known = {k: clean(v) for k, v in value.items() if k not in OF_THE_CLI}
        return {k: v for k, v in known.items() if v is not None}
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
    whole: dict[str, Any] = json.loads(
        text.replace(workspace.warehouse, "WAREHOUSE").replace(commit, COMMIT)
    )
    return whole


def list_differences(a: Any, b: Any, path: str = "") -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = sorted(set(a) | set(b))
        pairs = [(a.get(k, "absent"), b.get(k, "absent"), f"{path}.{k}") for k in keys]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = [(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True))]
    else:
        return [] if str(a) == str(b) else [f"{path}: the CLI has {a!r}, the resolver has {b!r}"]
    return [found for x, y, at in pairs for found in list_differences(x, y, at)]


def keep_record(path: Path, config: dict[str, Any]) -> None:
    """Keeps what the CLI gave, where RECORD is set, for machines without the CLI."""
    if os.environ.get("RECORD"):
        version = subprocess.run(
            ["databricks", "--version"], capture_output=True, text=True, check=False
        ).stdout
        record = {"cli": version.strip(), "config": config}
        path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
