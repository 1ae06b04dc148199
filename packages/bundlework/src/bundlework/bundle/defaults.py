"""Defaults that the Databricks CLI sets in resources, and fields that the CLI rewrites."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .merging import DEFAULT_LABEL
from .presets import TRIGGERS, UNPAUSED
from .yaml_source import Path_

# Fields of a resource by its kind, where it does not set them.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "apps": {"description": ""},
    "clusters": {"autotermination_minutes": 60},
    "dashboards": {"embed_credentials": False},
    "jobs": {"max_concurrent_runs": 1, "queue": {"enabled": True}},
    "pipelines": {"channel": "CURRENT", "edition": "ADVANCED"},
    "sql_warehouses": {
        "auto_stop_mins": 120,
        "enable_photon": True,
        "max_num_clusters": 1,
        "spot_instance_policy": "COST_OPTIMIZED",
    },
    "volumes": {"volume_type": "MANAGED"},
}
# Kinds that lie in a folder of the workspace: the bundle's own, where they do not name one.
IN_A_FOLDER = {"alerts", "dashboards", "genie_spaces"}
UNTITLED = "Untitled"
# The fields that name the compute of a task.
COMPUTE = ("new_cluster", "existing_cluster_id", "environment_key", "job_cluster_key")
# Fields that a pool of instances decides instead of the cluster, and the cloud's fields that stay.
OF_THE_POOL = ("node_type_id", "driver_node_type_id", "enable_elastic_disk")
CLOUDS = {
    "aws_attributes": "instance_profile_arn",
    "azure_attributes": "",
    "gcp_attributes": "google_service_account",
}
# Names of an endpoint's model that its successor has changed.
RENAMED = {"model_name": "entity_name", "model_version": "entity_version"}
# Mappings and lists in which an empty text is a value; elsewhere the CLI takes it for nothing.
TEXTS = {
    "parameters", "named_parameters", "job_parameters", "base_parameters", "condition_task", "tags",
    "custom_tags", "spark_conf", "spark_env_vars", "configuration", "properties", "options",
    "environment_vars", "inputs",
}  # fmt: skip
# Fields that a `.dbalert.json` may write as a list of lines, for easier reading.
IN_LINES = {"query_lines": "query_text", "custom_description_lines": "custom_description"}


def fill_defaults(kind: str, resource: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Sets what a resource does not."""
    for field, value in DEFAULTS.get(kind, {}).items():
        if resource.get(field) is None:
            resource[field] = value.copy() if isinstance(value, dict) else value
    if kind == "jobs":
        resource["name"] = resource.get("name") or UNTITLED
        for trigger in (resource[name] for name in TRIGGERS if resource.get(name)):
            trigger.setdefault("pause_status", UNPAUSED)
    if kind in IN_A_FOLDER:
        folder = str(resource.get("parent_path") or config["workspace"]["resource_path"])
        is_whole = kind == "alerts" or f"{folder}/".startswith("/Workspace/")
        resource["parent_path"] = (
            folder if is_whole else posixpath.join("/Workspace", folder.lstrip("/"))
        )


def override_compute(job: dict[str, Any], cluster: str) -> None:
    """Lets every task that runs on a cluster or an environment run on one cluster instead."""
    for task in job.get("tasks") or []:
        inner = (task.get("for_each_task") or {}).get("task") or task
        if any(inner.get(field) for field in COMPUTE):
            for field in COMPUTE:
                inner.pop(field, None)
            inner["existing_cluster_id"] = cluster


def mend_clusters(kind: str, resource: dict[str, Any]) -> None:
    """Drops what a pool of instances decides, and says where a cluster of a job has no workers.

    A cluster of a pipeline has a label, in lower case.
    """
    if kind == "clusters":
        _mend_cluster(resource)
    for entry in (resource.get("clusters") or []) if kind == "pipelines" else ():
        entry["label"] = str(entry.get("label") or DEFAULT_LABEL).lower()
    if kind != "jobs":
        return
    for task in resource.get("tasks") or []:
        _mend_cluster(task.get("new_cluster"))
    for entry in resource.get("job_clusters") or []:
        cluster = entry.get("new_cluster")
        _mend_cluster(cluster)
        if cluster is not None and not cluster.get("autoscale"):
            cluster.setdefault("num_workers", 0)


def _mend_cluster(cluster: Any) -> None:
    if not cluster:
        return
    if not cluster.get("instance_pool_id"):
        cluster.pop("driver_instance_pool_id", None)
        return
    for field in OF_THE_POOL:
        cluster.pop(field, None)
    for field, kept in CLOUDS.items():
        if isinstance(cluster.get(field), dict):
            cluster[field] = {k: v for k, v in cluster[field].items() if k == kept}


def rename_served_models(endpoint: dict[str, Any]) -> None:
    """Calls what an endpoint serves by the present names."""
    served = (endpoint.get("config") or {}).pop("served_models", None)
    if served:
        endpoint["config"]["served_entities"] = [
            {RENAMED.get(field, field): value for field, value in model.items()} for model in served
        ]


def refer_to_schemas(resources: Mapping[str, Any]) -> None:
    """Lets resources refer to the schema or catalog of the bundle whose name they write out.

    The name that they get in the end has the target's prefix, as the schema's has.
    """
    schemas = {
        (str(s.get("catalog_name")), str(s.get("name"))): f"${{resources.schemas.{key}.name}}"
        for key, s in (resources.get("schemas") or {}).items()
    }
    catalogs = {
        str(c["name"]): f"${{resources.catalogs.{key}.name}}"
        for key, c in (resources.get("catalogs") or {}).items()
        if c.get("name")
    }
    for holder, catalog_field, schema_fields in _list_in_schemas(resources):
        catalog = str(holder.get(catalog_field) or "")
        for field in schema_fields:
            name = str(holder.get(field) or "")
            if catalog and name and (catalog, name) in schemas:
                holder[field] = schemas[catalog, name]
        if catalog in catalogs:
            holder[catalog_field] = catalogs[catalog]
    for monitor in (resources.get("quality_monitors") or {}).values():
        catalog, dot, schema = str(monitor.get("output_schema_name") or "").partition(".")
        if dot:
            found = schemas.get((catalog, schema), schema)
            monitor["output_schema_name"] = f"{catalogs.get(catalog, catalog)}.{found}"


def _list_in_schemas(
    resources: Mapping[str, Any],
) -> Iterator[tuple[dict[str, Any], str, tuple[str, ...]]]:
    """The kinds of resources that lie in a schema, and their fields for catalog and schema."""
    for kind in ("volumes", "secrets", "registered_models"):
        for resource in (resources.get(kind) or {}).values():
            yield resource, "catalog_name", ("schema_name",)
    for pipeline in (resources.get("pipelines") or {}).values():
        yield pipeline, "catalog", ("schema", "target")
    for endpoint in (resources.get("model_serving_endpoints") or {}).values():
        logged = (
            (endpoint.get("ai_gateway") or {}).get("inference_table_config"),
            (endpoint.get("config") or {}).get("auto_capture_config"),
        )
        yield from ((holder, "catalog_name", ("schema_name",)) for holder in logged if holder)
    for schema in (resources.get("schemas") or {}).values():
        yield schema, "catalog_name", ()


def read_alert_files(root: Path, resources: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """Fills alerts from their `.dbalert.json`, and gives those whose file cannot be read."""
    for key, alert in (resources.get("alerts") or {}).items():
        path = alert.get("file_path")
        if not path:
            continue
        try:
            written = json.loads((root / path).read_text(encoding="utf-8"))
            alert.update({k: v for k, v in _join_lines(written).items() if k not in alert})
        except (OSError, ValueError, AttributeError, TypeError):
            fault = f"{path} is missing, or no JSON of an alert: correct the file, or the path"
            yield ("resources", "alerts", key, "file_path"), fault


def _join_lines(written: dict[str, Any]) -> dict[str, Any]:
    joined = {
        IN_LINES[k]: "".join(f"{line}\n" for line in v) for k, v in written.items() if k in IN_LINES
    }
    return {k: v for k, v in written.items() if k not in IN_LINES} | joined


def drop_empty_texts(value: Any) -> Any:
    """A resource without fields whose value is an empty text."""
    if isinstance(value, list):
        return [drop_empty_texts(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if v != ""}
    return {k: v if k in TEXTS else drop_empty_texts(v) for k, v in kept.items()}
