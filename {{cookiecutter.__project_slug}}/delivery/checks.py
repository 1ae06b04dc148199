"""What a resolved bundle must satisfy beyond its types; each check yields its faults.

A fault is one line: file and line, the path in the YAML, what is wrong and what to do.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from local.__main__ import read_package, read_pyproject
from local.bundle import Bundle
from local.graph import find_faults

from .quartz import find_cron_faults

# What every job states, and why.
OPERATION = {
    "max_concurrent_runs": "two runs at once would write to the same tables",
    "queue": "a run that comes while another one runs would be skipped",
    "timeout_seconds": "a run that hangs would cost money for ever",
    "health": "nobody would hear of a run that takes too long",
    "email_notifications": "nobody would hear of a failure",
}
NAME_FIELDS = ("name", "display_name")
TRIGGERS = ("schedule", "trigger", "continuous")
LIVE_TARGET = "prod"


def find_graph_faults(bundle: Bundle) -> Iterator[str]:
    """Task keys, dependencies, cycles, kinds of tasks, dynamic values, files, entry points."""
    for job in bundle.jobs:
        yield from find_faults(bundle, job)


def find_parameter_faults(bundle: Bundle) -> Iterator[str]:
    """Parameters that an entry point does not take, and required ones that no job passes."""
    for path, wheel in list_wheel_tasks(bundle):
        takes = find_settings(bundle, wheel["entry_point"])
        if takes is None:
            continue
        passed = wheel.get("named_parameters", {})
        required = {name for name, field in takes.items() if field.is_required()}
        for name in sorted(set(passed) - set(takes)):
            fault = (
                f"{wheel['entry_point']} takes no parameter {name}: remove it, or let it take it"
            )
            yield bundle.places.describe((*path, "python_wheel_task"), fault)
        for name in sorted(required - set(passed)):
            fault = (
                f"{wheel['entry_point']} needs the parameter {name}: pass it in named_parameters"
            )
            yield bundle.places.describe((*path, "python_wheel_task"), fault)


def find_settings(bundle: Bundle, entry_point: str) -> Mapping[str, Any] | None:
    """The fields of an entry point's settings; None where it leads nowhere."""
    target = read_pyproject(bundle.root)["project"].get("scripts", {}).get(entry_point)
    if target is None:
        return None
    module, name = target.split(":")
    task = getattr(importlib.import_module(module), name, None)
    return task.settings.model_fields if task else None


def find_script_faults(bundle: Bundle) -> Iterator[str]:
    """Entry points of pyproject.toml that lead nowhere."""
    for name, target in read_pyproject(bundle.root)["project"].get("scripts", {}).items():
        module, _, function = target.partition(":")
        try:
            getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            yield f"pyproject.toml: project.scripts.{name}: {target} leads nowhere: {error}"


def list_wheel_tasks(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Path and content of each Python wheel task of the project's own package."""
    package = read_package(bundle.root)
    for key, job in bundle.jobs.items():
        for index, task in enumerate(job.get("tasks", [])):
            wheel = task.get("python_wheel_task")
            if wheel and wheel.get("package_name") == package:
                yield ("resources", "jobs", key, "tasks", index), wheel


def find_write_faults(bundle: Bundle) -> Iterator[str]:
    """Schemas and models that a task may write outside what the target declares.

    A parameter that is only read says so in its settings (`ReadSchema`).
    """
    declared = set(bundle.schemas) | {m["id"] for m in _list(bundle, "registered_models")}
    own = str(bundle.config["variables"]["catalog"]["value"])
    for path, wheel in list_wheel_tasks(bundle):
        fields = find_settings(bundle, wheel["entry_point"]) or {}
        for name, value in wheel.get("named_parameters", {}).items():
            if name not in fields or not _is_written(fields[name]) or value in declared:
                continue
            where = (
                f"outside the target's catalog {own}" if _catalog_of(value) != own else "undeclared"
            )
            fault = (
                f"{name} is {value}, {where}: refer to a resource, ${{resources.schemas.KEY.id}}"
            )
            yield bundle.places.describe((*path, "python_wheel_task", "named_parameters"), fault)


def _is_written(field: Any) -> bool:
    names_a_place = any("\\." in str(getattr(m, "pattern", "")) for m in field.metadata)
    return names_a_place and "read-only" not in field.metadata


def _catalog_of(name: object) -> str:
    return str(name).split(".")[0]


def _list(bundle: Bundle, kind: str) -> list[dict[str, Any]]:
    return list(bundle.config["resources"].get(kind, {}).values())


def find_schedule_faults(bundle: Bundle) -> Iterator[str]:
    """Cron expressions and time zones that nobody could keep, and schedules live out of prod."""
    for key, job in bundle.jobs.items():
        for kind in TRIGGERS:
            path = ("resources", "jobs", key, kind)
            for fault in _find_schedule_faults(bundle.target, job.get(kind) or {}):
                yield bundle.places.describe(path, fault)


def _find_schedule_faults(target: str, schedule: dict[str, Any]) -> Iterator[str]:
    if "quartz_cron_expression" in schedule:
        yield from find_cron_faults(str(schedule["quartz_cron_expression"]))
    zone = schedule.get("timezone_id")
    if zone is not None and zone not in available_timezones():
        yield f"there is no time zone {zone!r}: write a name such as UTC or Europe/Berlin"
    if schedule and target != LIVE_TARGET and schedule.get("pause_status") != "PAUSED":
        yield f"is live in {target}: set presets.trigger_pause_status to PAUSED in the target"


def find_operation_faults(bundle: Bundle) -> Iterator[str]:
    """Jobs that do not state what a person on call relies on."""
    for key, job in bundle.jobs.items():
        path = ("resources", "jobs", key)
        for field, why in OPERATION.items():
            if not job.get(field):
                yield bundle.places.describe(path, f"{field} is not set: {why}")
        if job.get("max_concurrent_runs", 1) != 1:
            fault = f"max_concurrent_runs is not 1: {OPERATION['max_concurrent_runs']}"
            yield bundle.places.describe((*path, "max_concurrent_runs"), fault)


def find_file_faults(bundle: Bundle) -> Iterator[str]:
    """Files that resources name and that are not there."""
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items():
            path = resource.get("file_path")
            if path and not (bundle.root / path).exists():
                yield bundle.places.describe(
                    ("resources", kind, key, "file_path"), f"there is no file {path}"
                )


def find_prefix_faults(bundle: Bundle) -> Iterator[str]:
    """In development, names without the developer's: two people would overwrite each other."""
    if bundle.config.get("mode") != "development":
        return
    user = bundle.config["workspace"]["current_user"]["short_name"]
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items():
            if not any(user in str(resource.get(field, "")) for field in (*NAME_FIELDS, "id")):
                fault = f"its name has no prefix in {bundle.target}: two people would share it"
                yield bundle.places.describe(("resources", kind, key), fault)


def find_workspace_faults(bundle: Bundle) -> Iterator[str]:
    """Hosts that are none, and folders that everybody may write to."""
    host = str(bundle.config["workspace"]["host"])
    path = ("targets", bundle.target, "workspace")
    if not re.fullmatch(r"https://[\w.-]+|https?://127\.0\.0\.1:\d+", host):
        fault = f"{host!r} is no workspace: write https://adb-NUMBER.NUMBER.azuredatabricks.net"
        yield bundle.places.describe((*path, "host"), fault)
    if str(bundle.config["workspace"]["root_path"]).startswith("/Workspace/Shared"):
        fault = "everybody may write to /Workspace/Shared: use /Workspace/Users/${var.deployer}"
        yield bundle.places.describe((*path, "root_path"), fault)


def find_collisions(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Targets that would share a catalog with prod, or write to the same schema."""
    catalogs = {t: b.config["variables"]["catalog"]["value"] for t, b in bundles.items()}
    for target, bundle in bundles.items():
        path = ("targets", target, "variables", "catalog")
        if target != LIVE_TARGET and catalogs[target] == catalogs.get(LIVE_TARGET):
            fault = f"{catalogs[target]} is the catalog of {LIVE_TARGET} too: give each its own"
            yield bundle.places.describe(path, fault)
        for other in list(bundles)[: list(bundles).index(target)]:
            shared = sorted(set(bundle.schemas) & set(bundles[other].schemas))
            if shared and catalogs[target] != catalogs.get(LIVE_TARGET):
                fault = f"{', '.join(shared)}: {other} has the same; give names another prefix"
                yield bundle.places.describe(path, fault)


def find_prefix_collisions(bundle: Bundle) -> Iterator[str]:
    """Prefixes that run into the name: pull request 1 of `2x` would be 12 of `x`."""
    prefix = str((bundle.config.get("presets") or {}).get("name_prefix", ""))
    package = str(bundle.config["variables"]["package"]["value"])
    if re.search(r"\d\W*_?$", prefix) and package[:1].isdigit():
        fault = (
            f"{package!r} begins with a digit, as the prefix {prefix!r} ends: names would collide"
        )
        yield bundle.places.describe(("variables", "package"), fault)


TARGET_CHECKS = (
    find_graph_faults,
    find_parameter_faults,
    find_write_faults,
    find_schedule_faults,
    find_operation_faults,
    find_file_faults,
    find_prefix_faults,
    find_prefix_collisions,
    find_workspace_faults,
)
