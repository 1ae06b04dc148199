"""Applies a target's mode and presets to resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from .yaml_source import Path_

TRIGGERS = ("schedule", "trigger", "continuous")
PAUSED, UNPAUSED = "PAUSED", "UNPAUSED"
# The field that names a resource, where it is another one than `name`.
NAME_FIELDS = {
    "alerts": "display_name",
    "clusters": "cluster_name",
    "dashboards": "display_name",
    "genie_spaces": "title",
    "instance_pools": "instance_pool_name",
}
# Kinds whose resources must say a name.
NAMED = {
    "alerts", "dashboards", "experiments", "jobs", "model_serving_endpoints", "registered_models",
    "schemas", "volumes",
}  # fmt: skip
MODES = ("development", "production")
Resource = dict[str, Any]
Presets = Mapping[str, Any]


def fill_presets(config: dict[str, Any]) -> dict[str, Any]:
    """The presets of the target, with those of development mode."""
    presets = dict(config.get("presets") or {})
    if presets.get("source_linked_deployment"):
        # Only a deployment from inside a workspace can leave the files where they are.
        presets["source_linked_deployment"] = False
    if config.get("mode") != "development":
        return presets
    user = config["workspace"]["current_user"]["short_name"]
    defaults = {
        "name_prefix": f"[dev {user}] ",
        "trigger_pause_status": PAUSED,
        "jobs_max_concurrent_runs": 4,
        "pipelines_development": True,
    }
    given = {name: value for name, value in presets.items() if str(value) not in ("", "0")}
    return {**defaults, **given, "tags": {"dev": user, **(presets.get("tags") or {})}}


def find_preset_faults(config: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """A mode or a status of triggers that there is not."""
    mode = config.get("mode")
    if mode and mode not in MODES:
        yield ("mode",), f"there is no mode {mode}: write one of {', '.join(MODES)}"
    status = (config.get("presets") or {}).get("trigger_pause_status")
    if status and status not in (PAUSED, UNPAUSED):
        fault = f"{status} is no status: write {PAUSED} or {UNPAUSED}"
        yield ("presets", "trigger_pause_status"), fault


def find_nameless(resources: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """Resources without the field that names them."""
    for kind in sorted(NAMED & set(resources)):
        field = NAME_FIELDS.get(kind, "name")
        for key, resource in resources[kind].items():
            if not resource.get(field):
                yield ("resources", kind, key), f"{field} is missing: write one"


def apply_presets(kind: str, resource: Resource, presets: Presets) -> None:
    """Gives a resource the target's prefix, tags and status of triggers, where its kind has any."""
    if kind in PRESETS:
        PRESETS[kind](resource, presets)


def _prefix(resource: Resource, presets: Presets, field: str = "name") -> None:
    resource[field] = f"{presets.get('name_prefix', '')}{resource.get(field, '')}"


def _prefix_normalised(resource: Resource, presets: Presets) -> None:
    prefix = normalise_prefix(str(presets.get("name_prefix", "")))
    resource["name"] = f"{prefix}{resource.get('name', '')}"


def _prefix_schema(schema: Resource, presets: Presets) -> None:
    if not presets.get("skip_name_prefix_for_schema"):
        _prefix_normalised(schema, presets)


def _tag(resource: Resource, presets: Presets, field: str = "tags") -> None:
    """Adds the presets' tags to a mapping; the resource's own stay."""
    own = resource.get(field) or {}
    added = {key: value for key, value in _list_tags(presets) if not own.get(key)}
    if added:
        resource[field] = {**own, **added}


def _tag_list(resource: Resource, presets: Presets, field: str = "tags") -> None:
    """Adds the presets' tags to a list of keys and values; the resource's own stay."""
    own = resource.get(field) or []
    known = {tag.get("key") for tag in own}
    added = [{"key": key, "value": value} for key, value in _list_tags(presets) if key not in known]
    if added:
        resource[field] = own + added


def _list_tags(presets: Presets) -> list[tuple[str, Any]]:
    return sorted((presets.get("tags") or {}).items())


def _pause(holder: Any, presets: Presets) -> None:
    if holder and presets.get("trigger_pause_status"):
        holder["pause_status"] = holder.get("pause_status") or presets["trigger_pause_status"]


def _apply_to_job(job: Resource, presets: Presets) -> None:
    _prefix(job, presets)
    _tag(job, presets)
    if not job.get("max_concurrent_runs") and presets.get("jobs_max_concurrent_runs"):
        job["max_concurrent_runs"] = presets["jobs_max_concurrent_runs"]
    for kind in TRIGGERS:
        _pause(job.get(kind), presets)


def _apply_to_pipeline(pipeline: Resource, presets: Presets) -> None:
    _prefix(pipeline, presets)
    _tag(pipeline, presets)
    if presets.get("pipelines_development") is True:
        pipeline["development"] = True
    if presets.get("trigger_pause_status") == PAUSED:
        pipeline.pop("continuous", None)


def _apply_to_model(model: Resource, presets: Presets) -> None:
    _prefix(model, presets)
    _tag_list(model, presets)


def _apply_to_experiment(experiment: Resource, presets: Presets) -> None:
    folder, slash, last = str(experiment.get("name", "")).rpartition("/")
    experiment["name"] = f"{folder}{slash}{presets.get('name_prefix', '')}{last}"
    _tag_list(experiment, presets)


def _apply_to_alert(alert: Resource, presets: Presets) -> None:
    _prefix(alert, presets, "display_name")
    if (alert.get("schedule") or {}).get("quartz_cron_schedule"):
        _pause(alert["schedule"], presets)


def _apply_to_monitor(monitor: Resource, presets: Presets) -> None:
    """Drops the schedule, which cannot be paused."""
    status = (monitor.get("schedule") or {}).get("pause_status")
    if presets.get("trigger_pause_status") == PAUSED and status != UNPAUSED:
        monitor.pop("schedule", None)


def _apply_to_cluster(name: str, cluster: Resource, presets: Presets) -> None:
    _prefix(cluster, presets, name)
    _tag(cluster, presets, "custom_tags")


def _apply_to_warehouse(warehouse: Resource, presets: Presets) -> None:
    _prefix(warehouse, presets)
    tags = dict(warehouse.get("tags") or {})
    _tag_list(tags, presets, "custom_tags")
    if tags:
        warehouse["tags"] = tags


def _prefix_field(field: str) -> Callable[[Resource, Presets], None]:
    return partial(_prefix, field=field)


# Kinds that lie in a schema, such as volumes, take their place from it and have no prefix.
PRESETS: Mapping[str, Callable[[Resource, Presets], None]] = {
    "alerts": _apply_to_alert,
    "clusters": partial(_apply_to_cluster, "cluster_name"),
    "dashboards": _prefix_field("display_name"),
    "experiments": _apply_to_experiment,
    "genie_spaces": _prefix_field("title"),
    "instance_pools": partial(_apply_to_cluster, "instance_pool_name"),
    "jobs": _apply_to_job,
    "model_serving_endpoints": _prefix_normalised,
    "models": _apply_to_model,
    "pipelines": _apply_to_pipeline,
    "quality_monitors": _apply_to_monitor,
    "registered_models": _prefix_normalised,
    "schemas": _prefix_schema,
    "sql_warehouses": _apply_to_warehouse,
}


def normalise(name: str) -> str:
    """Lower-case letters and digits of any alphabet, everything else one underscore."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def normalise_prefix(prefix: str) -> str:
    """A prefix as names without blanks and brackets have it: `[dev me] ` becomes `dev_me_`."""
    bare = prefix.replace("[", "").strip(" ")
    return normalise(bare) + ("_" if bare.endswith("]") else "")
