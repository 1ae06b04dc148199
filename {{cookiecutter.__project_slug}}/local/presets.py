"""What a target's mode, presets and permissions do to resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .yaml_source import BundleError, Places

TRIGGERS = ("schedule", "trigger", "continuous")
# What a permission of the whole bundle is called where it is granted; other kinds have none.
LEVELS: Mapping[str, Mapping[str, str]] = {
    "jobs": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MANAGE_RUN"},
    "experiments": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "alerts": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ", "CAN_RUN": "CAN_RUN"},
    "dashboards": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
}
# From the least on; the owner of a job is who deploys it.
RANKS = ("CAN_READ", "CAN_VIEW", "CAN_RUN", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")
# Here an empty text is a value; elsewhere the CLI takes it for nothing.
TEXTS = ("parameters", "named_parameters", "job_parameters", "base_parameters", "condition_task")
# Kinds of resources that run as somebody.
RUNNING = ("jobs", "alerts")
PRESET_KEYS = {
    "jobs_max_concurrent_runs", "name_prefix", "pipelines_development", "tags",
    "trigger_pause_status",
}  # fmt: skip


def apply_target_mode(config: dict[str, Any], places: Places) -> dict[str, Any]:
    """Who runs it, development mode's defaults, then the presets and permissions.

    Raises:
        BundleError: `run_as` is given for endpoints, which run as who deploys them.
    """
    _set_run_as(config, places)
    config["presets"] = _fill_presets(config)
    config["resources"] = drop_empty_texts(config.get("resources", {}))
    for kind, group in config["resources"].items():
        for resource in group.values():
            PRESETS.get(kind, _apply_nothing)(resource, config["presets"])
            _grant_permissions(kind, resource, config)
    return config


def _set_run_as(config: dict[str, Any], places: Places) -> None:
    if "run_as" not in config:
        return
    resources = config.get("resources", {})
    deployer = config["workspace"]["current_user"]["userName"]
    if resources.get("model_serving_endpoints") and deployer not in config["run_as"].values():
        fault = "endpoints run as who deploys them: give run_as to each job instead"
        raise BundleError([places.describe(("resources", "model_serving_endpoints"), fault)])
    for kind in RUNNING:
        for resource in resources.get(kind, {}).values():
            resource.setdefault("run_as", dict(config["run_as"]))


def _fill_presets(config: dict[str, Any]) -> dict[str, Any]:
    presets = dict(config.get("presets") or {})
    if config.get("mode") != "development":
        return presets
    user = config["workspace"]["current_user"]["short_name"]
    defaults = {
        "name_prefix": f"[dev {user}] ",
        "trigger_pause_status": "PAUSED",
        "jobs_max_concurrent_runs": 4,
        "pipelines_development": True,
    }
    return {**defaults, **presets, "tags": {"dev": user, **presets.get("tags", {})}}


def _apply_nothing(resource: dict[str, Any], presets: dict[str, Any]) -> None:
    """Kinds that lie in a schema, such as volumes, take their place from it."""


def _apply_to_job(job: dict[str, Any], presets: dict[str, Any]) -> None:
    job["name"] = presets.get("name_prefix", "") + job["name"]
    job["tags"] = {**presets.get("tags", {}), **(job.get("tags") or {})}
    job.setdefault("max_concurrent_runs", presets.get("jobs_max_concurrent_runs", 1))
    job.setdefault("queue", {"enabled": True})
    for kind in TRIGGERS:
        if kind in job and "trigger_pause_status" in presets:
            job[kind].setdefault("pause_status", presets["trigger_pause_status"])


def _apply_to_experiment(experiment: dict[str, Any], presets: dict[str, Any]) -> None:
    folder, slash, last = experiment["name"].rpartition("/")
    experiment["name"] = f"{folder}{slash}{presets.get('name_prefix', '')}{last}"
    own = experiment.get("tags", [])
    known = {tag["key"] for tag in own}
    added = sorted(item for item in presets.get("tags", {}).items() if item[0] not in known)
    experiment["tags"] = own + [{"key": key, "value": value} for key, value in added]


def _apply_to_displayed(resource: dict[str, Any], presets: dict[str, Any]) -> None:
    resource["display_name"] = presets.get("name_prefix", "") + resource["display_name"]


def _apply_to_catalogued(resource: dict[str, Any], presets: dict[str, Any]) -> None:
    resource["name"] = normalise_prefix(presets.get("name_prefix", "")) + resource["name"]


def _apply_to_alert(alert: dict[str, Any], presets: dict[str, Any]) -> None:
    _apply_to_displayed(alert, presets)
    if "schedule" in alert and "trigger_pause_status" in presets:
        alert["schedule"].setdefault("pause_status", presets["trigger_pause_status"])


PRESETS: Mapping[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "jobs": _apply_to_job,
    "experiments": _apply_to_experiment,
    "alerts": _apply_to_alert,
    "dashboards": _apply_to_displayed,
    "schemas": _apply_to_catalogued,
    "registered_models": _apply_to_catalogued,
    "model_serving_endpoints": _apply_to_catalogued,
}


def _grant_permissions(kind: str, resource: dict[str, Any], config: dict[str, Any]) -> None:
    levels = LEVELS.get(kind, {})
    granted = [p for p in config.get("permissions", []) if p["level"] in levels]
    merged: dict[tuple[Any, ...], str] = {}
    for entry in resource.get("permissions", []) + granted:
        level = levels.get(entry["level"], entry["level"])
        who = next((k, v) for k, v in entry.items() if k != "level")
        if kind == "jobs" and who[1] == config["workspace"]["current_user"]["userName"]:
            level = "IS_OWNER"
        merged[who] = max(level, merged.get(who, level), key=RANKS.index)
    if merged:
        resource["permissions"] = [
            {who[0]: who[1], "level": level} for who, level in merged.items()
        ]


def drop_empty_texts(value: Any) -> Any:
    """The resources without fields whose value is an empty text."""
    if isinstance(value, list):
        return [drop_empty_texts(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if v != ""}
    return {k: v if k in TEXTS else drop_empty_texts(v) for k, v in kept.items()}


def normalise(name: str) -> str:
    """Lower-case letters and digits of any alphabet, everything else one underscore."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def normalise_prefix(prefix: str) -> str:
    """A prefix as names without blanks and brackets have it: `[dev me] ` becomes `dev_me_`."""
    bare = prefix.replace("[", "").strip(" ")
    return normalise(bare) + ("_" if bare.endswith("]") else "")
