"""What a target's mode, presets and permissions do to resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .yaml_source import BundleError, Path_, Places

TRIGGERS = ("schedule", "trigger", "continuous")
# What a permission of the whole bundle is called where it is granted; other kinds have none.
LEVELS: Mapping[str, Mapping[str, str]] = {
    "jobs": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MANAGE_RUN"},
    "experiments": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "alerts": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ", "CAN_RUN": "CAN_RUN"},
    "dashboards": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "model_serving_endpoints": {
        "CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_QUERY",
    },
}  # fmt: skip
BUNDLE_LEVELS = ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE")
# What a resource's own permissions may be, from the least on; the owner of a job is who deploys it.
RANKS: Mapping[str, tuple[str, ...]] = {
    "jobs": ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
    "experiments": ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    "alerts": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "dashboards": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "model_serving_endpoints": ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
}
GRANTEES = ("group_name", "service_principal_name", "user_name")
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
        BundleError: `run_as` is given for endpoints, which run as who deploys them; or a permission
            that there is not.
    """
    _set_run_as(config, places)
    _check_permissions(config, places)
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
    return {**defaults, **presets, "tags": {"dev": user, **(presets.get("tags") or {})}}


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


def _check_permissions(config: dict[str, Any], places: Places) -> None:
    listed: list[tuple[Path_, dict[str, Any], Sequence[str]]] = [((), config, BUNDLE_LEVELS)]
    for kind, levels in RANKS.items():
        group = config.get("resources", {}).get(kind, {})
        listed += [(("resources", kind, key), resource, levels) for key, resource in group.items()]
    faults = [
        places.describe((*path, "permissions", index), fault)
        for path, holder, levels in listed
        for index, entry in enumerate(holder.get("permissions") or [])
        if (fault := _judge_permission(entry, levels))
    ]
    if faults:
        raise BundleError(faults)


def _judge_permission(entry: Any, levels: Sequence[str]) -> str | None:
    if not isinstance(entry, dict) or len({*entry} & {*GRANTEES}) != 1:
        return f"{entry!r} names nobody, or several: write one of {', '.join(GRANTEES)}"
    unknown = sorted({*entry} - {"level", *GRANTEES})
    if unknown:
        return f"unknown key {', '.join(unknown)}: remove it, or correct its name"
    if entry.get("level") not in levels:
        level = f"{entry['level']} is no level" if "level" in entry else "level is missing"
        return f"{level}: write one of {', '.join(levels)}"
    return None


def _grant_permissions(kind: str, resource: dict[str, Any], config: dict[str, Any]) -> None:
    if kind not in RANKS:
        return
    own = [_read_permission(entry) for entry in resource.get("permissions") or []]
    entries = own + [
        (who, LEVELS[kind][level])
        for who, level in map(_read_permission, config.get("permissions") or [])
        # What a resource says of somebody comes before what the bundle says.
        if level in LEVELS[kind] and who not in dict(own)
    ]
    merged: dict[tuple[str, str], str] = {}
    for who, level in _name_owner(kind, entries, config["workspace"]["current_user"]["userName"]):
        merged[who] = max(level, merged.get(who, level), key=RANKS[kind].index)
    if merged:
        resource["permissions"] = [
            {who[0]: who[1], "level": level} for who, level in merged.items()
        ]


def _read_permission(entry: dict[str, str]) -> tuple[tuple[str, str], str]:
    (who,) = (item for item in entry.items() if item[0] != "level")
    return who, entry["level"]


def _name_owner(
    kind: str, entries: list[tuple[tuple[str, str], str]], user: str
) -> list[tuple[tuple[str, str], str]]:
    if kind != "jobs" or "IS_OWNER" in dict(entries).values():
        return entries
    return [(who, "IS_OWNER" if who[1] == user else level) for who, level in entries]


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
