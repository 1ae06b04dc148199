"""The form of a bundle's parts: mapping, list or text, judged before anything reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .yaml_source import Path_

# A form is `str` for a text, number or boolean, `dict` for a mapping of anything, `list` for a list
# of anything, `{name: form}` for a mapping, `{"*": form}` for one with any names, and `[form]` for
# a list. Nothing (null) has every form but that of a list's entry.
TEXTS = {"*": str}
PARAMETERS = [{"name": str}]
PERMISSIONS = [TEXTS]
CLUSTER = {"spark_conf": dict, "custom_tags": dict}
LIBRARIES = [{"whl": str, "jar": str, "requirements": str, "pypi": dict, "maven": dict}]

TASK: dict[str, Any] = {
    "task_key": str,
    "depends_on": [{"task_key": str}],
    "run_if": str,
    "environment_key": str,
    "job_cluster_key": str,
    "existing_cluster_id": str,
    "max_retries": str,
    "min_retry_interval_millis": str,
    "timeout_seconds": str,
    "new_cluster": CLUSTER,
    "libraries": LIBRARIES,
    "python_wheel_task": {
        "package_name": str,
        "entry_point": str,
        "parameters": [str],
        "named_parameters": TEXTS,
    },
    "notebook_task": {"notebook_path": str, "source": str, "base_parameters": TEXTS},
    "spark_python_task": {"python_file": str, "source": str, "parameters": [str]},
    "condition_task": {"op": str, "left": str, "right": str},
    "run_job_task": {"job_id": str, "job_parameters": TEXTS},
    "sql_task": {"file": {"path": str}, "parameters": TEXTS},
    "dbt_task": {"project_directory": str, "commands": [str]},
    "alert_task": {"workspace_path": str},
    "for_each_task": {"concurrency": str},
}
TASK["for_each_task"]["task"] = {**TASK, "for_each_task": dict}

JOB = {
    "name": str,
    "tags": TEXTS,
    "tasks": [TASK],
    "job_clusters": [{"job_cluster_key": str, "new_cluster": CLUSTER}],
    "environments": [{"environment_key": str, "spec": {"dependencies": [str]}}],
    "parameters": PARAMETERS,
    "run_as": TEXTS,
    "queue": dict,
    "health": {"rules": [{"metric": str}]},
    "email_notifications": dict,
    "schedule": dict,
    "trigger": dict,
    "continuous": dict,
    "git_source": dict,
    "max_concurrent_runs": str,
    "timeout_seconds": str,
}
NAMED = {"name": str}
RESOURCE_FORMS: dict[str, Any] = {
    "jobs": JOB,
    "pipelines": {
        **NAMED,
        "tags": TEXTS,
        "run_as": TEXTS,
        "libraries": [{"notebook": {"path": str}, "file": {"path": str}, "glob": TEXTS}],
        "clusters": [dict],
        "environment": {"dependencies": [str]},
        "catalog": str,
        "schema": str,
        "target": str,
        "root_path": str,
    },
    "experiments": {**NAMED, "tags": [TEXTS]},
    "models": {**NAMED, "tags": [TEXTS]},
    "model_serving_endpoints": {
        **NAMED,
        "config": {"served_models": [dict], "served_entities": [dict], "auto_capture_config": dict},
        "ai_gateway": {"inference_table_config": dict},
    },
    "schemas": {**NAMED, "catalog_name": str},
    "registered_models": {**NAMED, "catalog_name": str, "schema_name": str},
    "volumes": {**NAMED, "catalog_name": str, "schema_name": str},
    "alerts": {
        "display_name": str, "file_path": str, "schedule": dict, "run_as": TEXTS, "query_text": str,
    },
    "dashboards": {"display_name": str, "file_path": str, "parent_path": str},
    "genie_spaces": {"title": str, "file_path": str, "parent_path": str},
    "apps": {**NAMED, "source_code_path": str, "resources": [dict]},
    "clusters": {"cluster_name": str, "custom_tags": TEXTS},
    "instance_pools": {"instance_pool_name": str, "custom_tags": TEXTS},
    "sql_warehouses": {**NAMED, "tags": {"custom_tags": [TEXTS]}},
    "quality_monitors": {"schedule": dict, "output_schema_name": str},
}  # fmt: skip
# Of every resource, whatever its kind.
ANY_RESOURCE = {
    "permissions": PERMISSIONS,
    "grants": [{"principal": str, "privileges": [str]}],
    "lifecycle": dict,
}
RESOURCES = {
    "*": {"*": ANY_RESOURCE},
    **{kind: {"*": {**ANY_RESOURCE, **form}} for kind, form in RESOURCE_FORMS.items()},
}
WORKSPACE = {"*": str, "current_user": dict}
GIT = TEXTS
BUNDLE = {"*": str, "git": GIT, "deployment": dict, "terraform": dict}
SYNC = {"paths": [str], "include": [str], "exclude": [str]}
PRESETS = {"*": str, "tags": TEXTS}
ARTIFACTS = {"*": {"*": str, "files": [TEXTS]}}
VARIABLES = {"*": {"type": str, "description": str, "lookup": TEXTS}}
TARGET = {
    "artifacts": ARTIFACTS,
    "bundle": BUNDLE,
    "cluster_id": str,
    "compute_id": str,
    "git": GIT,
    "mode": str,
    "permissions": PERMISSIONS,
    "presets": PRESETS,
    "resources": RESOURCES,
    "run_as": TEXTS,
    "sync": SYNC,
    "variables": dict,
    "workspace": WORKSPACE,
}
CONFIG = {
    "artifacts": ARTIFACTS,
    "bundle": BUNDLE,
    "experimental": dict,
    "include": [str],
    "permissions": PERMISSIONS,
    "presets": PRESETS,
    "python": {"resources": [str], "mutators": [str]},
    "resources": RESOURCES,
    "run_as": TEXTS,
    "sync": SYNC,
    "targets": {"*": TARGET},
    "variables": VARIABLES,
    "workspace": WORKSPACE,
}


def find_form_faults(
    value: Any, form: Any, path: Path_ = (), *, resolved: bool = False
) -> Iterator[tuple[Path_, str]]:
    """The parts of a value that have another form than they should, with what to do.

    Args:
        resolved: Whether variables have been replaced by their values. Before that, one may stand
            for a mapping or a list.
    """
    if value is None or (not resolved and _is_reference(value)):
        return
    if isinstance(form, dict) or form is dict:
        yield from _judge_mapping(value, form, path, resolved)
    elif isinstance(form, list) or form is list:
        yield from _judge_list(value, form, path, resolved)
    elif isinstance(value, dict | list):
        yield path, f"a {_name(value)} is here: write a text"


def _judge_mapping(
    value: Any, form: Any, path: Path_, resolved: bool
) -> Iterator[tuple[Path_, str]]:
    if not isinstance(value, dict):
        yield path, f"a mapping is expected, not {value!r}: write one, or remove it"
        return
    for name, part in value.items() if isinstance(form, dict) else ():
        known = form.get(name, form.get("*"))
        if known is not None:
            yield from find_form_faults(part, known, (*path, name), resolved=resolved)


def _judge_list(value: Any, form: Any, path: Path_, resolved: bool) -> Iterator[tuple[Path_, str]]:
    if not isinstance(value, list):
        yield path, f"a list is expected, not {value!r}: write one, or remove it"
        return
    for index, entry in enumerate(value):
        if entry is None:
            yield (*path, index), "the entry is empty: write it, or remove it"
        elif isinstance(form, list):
            yield from find_form_faults(entry, form[0], (*path, index), resolved=resolved)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("${") and value.endswith("}")


def _name(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list"


def drop_nothing(value: Any) -> Any:
    """The value without what is empty (null) in its mappings."""
    if isinstance(value, dict):
        return {name: drop_nothing(part) for name, part in value.items() if part is not None}
    return [drop_nothing(part) for part in value] if isinstance(value, list) else value
