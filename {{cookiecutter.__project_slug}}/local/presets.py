"""What a target's mode and presets do to names, tags, schedules and concurrency."""

from __future__ import annotations

import re
from typing import Any

PREFIXED_BY_NAME = ("schemas", "registered_models", "model_serving_endpoints")
TRIGGERS = ("schedule", "trigger", "continuous")


def apply_target_mode(config: dict[str, Any]) -> dict[str, Any]:
    """Development mode's defaults, then the presets, on every resource."""
    presets = {**_get_mode_presets(config), **(config.get("presets") or {})}
    prefix = presets.get("name_prefix", "")
    resources = config.get("resources", {})
    for job in resources.get("jobs", {}).values():
        _apply_to_job(job, presets)
    for kind in PREFIXED_BY_NAME:
        for resource in resources.get(kind, {}).values():
            resource["name"] = normalise_prefix(prefix) + resource["name"]
    for experiment in resources.get("experiments", {}).values():
        experiment["name"] = _prefix_last_part(experiment["name"], prefix)
    return config


def _get_mode_presets(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("mode") != "development":
        return {}
    user = config["workspace"]["current_user"]["short_name"]
    return {
        "name_prefix": f"[dev {user}] ",
        "trigger_pause_status": "PAUSED",
        "jobs_max_concurrent_runs": 4,
        "tags": {"dev": user},
    }


def _apply_to_job(job: dict[str, Any], presets: dict[str, Any]) -> None:
    job["name"] = presets.get("name_prefix", "") + job["name"]
    job["tags"] = {**presets.get("tags", {}), **job.get("tags", {})}
    job.setdefault("max_concurrent_runs", presets.get("jobs_max_concurrent_runs", 1))
    for kind in TRIGGERS:
        if kind in job and "trigger_pause_status" in presets:
            job[kind].setdefault("pause_status", presets["trigger_pause_status"])


def normalise_prefix(prefix: str) -> str:
    """A prefix as names without blanks and brackets have it: `[dev me] ` becomes `dev_me_`."""
    if not prefix:
        return ""
    words = re.sub(r"[^\w]+", "_", prefix).strip("_")
    return f"{words}_" if prefix.startswith("[") else words


def _prefix_last_part(name: str, prefix: str) -> str:
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{prefix}{last}"
