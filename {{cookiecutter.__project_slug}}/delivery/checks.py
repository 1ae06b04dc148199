"""What a resolved bundle must satisfy beyond its types; each check yields its faults.

A fault is one line: file and line, the path in the YAML, what is wrong and what to do.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from local.bundle import Bundle
from local.graph import find_faults
from local.presets import PRESETS, normalise
from local.project import read_package, read_pyproject
from local.reading import NAME_FIELDS

from .quartz import find_cron_faults
from .sources import locate

# What every job states, and why.
OPERATION = {
    "max_concurrent_runs": "two runs at once would write to the same tables",
    "queue": "a run that comes while another one runs would be skipped",
    "timeout_seconds": "a run that hangs would cost money for ever",
    "health": "nobody would hear of a run that takes too long",
    "email_notifications": "nobody would hear of a failure",
}
# Parameters that only say what is read, where nothing else does: of notebooks and of jobs.
READ_PARAMETERS = {"source", "source_catalog", "mirrored", "mirrored_catalog"}
# `catalog.schema` or `catalog.schema.table` in a text, but in no address of a page or a person.
PLACE = re.compile(r"(?<![\w.@/`-])(`?)([\w-]+)\1(?:\.`?[\w-]+`?){1,2}(?![\w.@`-])")
# What tells a task something: its kind, and the field.
TOLD = (
    ("notebook_task", "base_parameters"),
    ("python_wheel_task", "named_parameters"),
    ("python_wheel_task", "parameters"),
    ("run_job_task", "job_parameters"),
)
TRIGGERS = ("schedule", "trigger", "continuous")
LIVE_TARGET = "prod"
# Targets that are copies for a while, and neither development nor production.
COPIES = ("pull_request",)
HOST = r"https://adb-\d+\.\d+\.azuredatabricks\.net|https?://127\.0\.0\.1:\d+"
# Kinds whose names a target's prefix goes before.
PREFIXED = {*PRESETS, "volumes"}


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
    kind = read_entry_points(bundle.root).get(target)
    if kind is None:
        return None
    module = importlib.import_module(f"{read_package(bundle.root)}.settings")
    fields: Mapping[str, Any] = getattr(module, kind).model_fields
    return fields


@cache
def read_entry_points(root: Path) -> Mapping[str, str]:
    """The settings that each `module:name` takes, read without running it.

    Importing the entry points would import Spark, MLflow and the feature client, which takes longer
    than all checks.
    """
    package = read_package(root)
    tree = ast.parse((root / "src" / package / "tasks.py").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="Task"), args=[ast.Name(id=kind), *_]),
            ):
                found[f"{package}.tasks:{name}"] = kind
    return found


def find_script_faults(bundle: Bundle) -> Iterator[str]:
    """Entry points of pyproject.toml that lead nowhere."""
    known = read_entry_points(bundle.root)
    for name, target in read_pyproject(bundle.root)["project"].get("scripts", {}).items():
        if target not in known:
            there = ", ".join(sorted(known))
            place = locate(bundle.root, bundle.root / "pyproject.toml", rf"^{re.escape(name)}\s*=")
            path = f"project.scripts.{name}"
            yield f"{place}: {path}: {target} is no Task of tasks.py: there are {there}"


def list_wheel_tasks(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Path and content of each Python wheel task of the project's own package."""
    package = read_package(bundle.root)
    for key, job in bundle.jobs.items():
        for index, task in enumerate(job.get("tasks", [])):
            wheel = task.get("python_wheel_task")
            if wheel and wheel.get("package_name") == package:
                yield ("resources", "jobs", key, "tasks", index), wheel


def find_write_faults(bundle: Bundle) -> Iterator[str]:
    """What may be written outside the target's own catalog: resources, and what tasks are told.

    A parameter that is only read says so in its settings (`ReadSchema`).
    """
    own = get_catalog(bundle)
    for kind in ("schemas", "registered_models", "volumes"):
        for key, resource in bundle.config["resources"].get(kind, {}).items():
            if str(resource.get("catalog_name")).lower() != own.lower():
                fault = (
                    f"{resource.get('catalog_name')} is not the target's catalog {own}: "
                    "write ${var.catalog}"
                )
                yield bundle.places.describe(("resources", kind, key, "catalog_name"), fault)
    yield from _find_parameter_writes(bundle, own)


def get_catalog(bundle: Bundle) -> str:
    """The catalog that the target writes to."""
    return str(bundle.config["variables"]["catalog"]["value"])


def find_foreign_names(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Places in other targets' catalogs that a job or a task is told, and might write to."""
    catalogs = {catalog for bundle in bundles.values() for catalog in list_catalogs(bundle)}
    for bundle in bundles.values():
        own = get_catalog(bundle)
        foreign = catalogs - {own.lower()}
        for path, name, value in list_told(bundle):
            if name not in READ_PARAMETERS and _list_named_catalogs(name, value) & foreign:
                reading = " or ".join(sorted(READ_PARAMETERS))
                fault = (
                    f"{name} is {value}, outside the target's catalog {own}: "
                    f"write ${{var.catalog}}, or name {reading} what is only read"
                )
                yield bundle.places.describe(path, fault)


def list_catalogs(bundle: Bundle) -> set[str]:
    """The catalogs that variables of a target name; Unity Catalog has no upper case."""
    variables = bundle.config["variables"]
    return {str(v["value"]).lower() for k, v in variables.items() if k.endswith("catalog")}


def _list_named_catalogs(name: str, value: object) -> set[str]:
    whole = [str(value)] if name.endswith("catalog") else []
    return {c.lower() for c in (*whole, *(found[1] for found in PLACE.findall(str(value))))}


def list_told(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Path, name and value of everything that jobs and tasks are told, but what settings only read.

    Job parameters reach every notebook of the job, whatever its task passes on.
    """
    for key, job in bundle.jobs.items():
        path = ("resources", "jobs", key)
        for index, parameter in enumerate(job.get("parameters", [])):
            yield (*path, "parameters", index), parameter["name"], parameter.get("default")
        for index, task in enumerate(job.get("tasks", [])):
            for kind, field in TOLD:
                told = task.get(kind, {}).get(field) or {}
                for name, value in _name_values(told):
                    if not _is_only_read(bundle, task, name):
                        yield (*path, "tasks", index, kind, field), name, value


def _name_values(told: Any) -> Iterable[tuple[str, Any]]:
    return told.items() if isinstance(told, dict) else ((str(i), v) for i, v in enumerate(told))


def _is_only_read(bundle: Bundle, task: dict[str, Any], name: str) -> bool:
    entry_point = task.get("python_wheel_task", {}).get("entry_point")
    field = (find_settings(bundle, entry_point) or {}).get(name) if entry_point else None
    return field is not None and "read-only" in field.metadata


def _find_parameter_writes(bundle: Bundle, own: str) -> Iterator[str]:
    declared = set(bundle.schemas) | {m["id"] for m in _list(bundle, "registered_models")}
    for path, wheel in list_wheel_tasks(bundle):
        fields = find_settings(bundle, wheel["entry_point"]) or {}
        for name, value in wheel.get("named_parameters", {}).items():
            if name not in fields or not _is_written(fields[name]) or value in declared:
                continue
            is_own = str(value).split(".")[0].lower() == own.lower()
            where = "undeclared" if is_own else f"outside the target's catalog {own}"
            fault = (
                f"{name} is {value}, {where}: refer to a resource, ${{resources.schemas.KEY.id}}"
            )
            yield bundle.places.describe((*path, "python_wheel_task", "named_parameters"), fault)


def _is_written(field: Any) -> bool:
    names_a_place = any("\\." in str(getattr(m, "pattern", "")) for m in field.metadata)
    return names_a_place and "read-only" not in field.metadata


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
                yield bundle.places.describe(path, f"{field} is not set: set it, or {why}")
        if not job.get("queue", {}).get("enabled", True):
            fault = f"queue.enabled is not true: set it, or {OPERATION['queue']}"
            yield bundle.places.describe((*path, "queue"), fault)
        if job.get("email_notifications") and not job["email_notifications"].get("on_failure"):
            fault = f"on_failure is not set: set it, or {OPERATION['email_notifications']}"
            yield bundle.places.describe((*path, "email_notifications"), fault)
        for index, task in enumerate(job.get("tasks", [])):
            if {"python_wheel_task", "notebook_task"} & set(task) and "max_retries" not in task:
                fault = "max_retries is not set: say whether the task is safe to repeat"
                yield bundle.places.describe((*path, "tasks", index), fault)
        if job.get("max_concurrent_runs", 1) != 1:
            fault = f"max_concurrent_runs is not 1: set it, or {OPERATION['max_concurrent_runs']}"
            yield bundle.places.describe((*path, "max_concurrent_runs"), fault)


def find_file_faults(bundle: Bundle) -> Iterator[str]:
    """Files that resources name and that are not there."""
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items():
            path = resource.get("file_path")
            if path and not (bundle.root / path).exists():
                fault = f"there is no file {path}: add it, or correct the path"
                yield bundle.places.describe(("resources", kind, key, "file_path"), fault)


def find_prefix_faults(bundle: Bundle) -> Iterator[str]:
    """In development, names without the developer's: two people would overwrite each other."""
    if bundle.config.get("mode") != "development":
        return
    prefix = normalise(str(bundle.config["presets"]["name_prefix"]))
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items():
            name = str(resource.get(NAME_FIELDS.get(kind, "name"), ""))
            # A volume has its schema's prefix, an experiment one after its folder.
            named = str(resource["id"]) if kind == "volumes" else name.rpartition("/")[2]
            if kind in PREFIXED and prefix not in normalise(named):
                fault = (
                    f"its name has no prefix in {bundle.target}, and two people would share it: "
                    "put it into a schema of the bundle, ${resources.schemas.KEY.name}"
                )
                yield bundle.places.describe(("resources", kind, key), fault)


def find_workspace_faults(bundle: Bundle) -> Iterator[str]:
    """Hosts that are none, and folders that anybody else could write to."""
    host = str(bundle.config["workspace"]["host"])
    path = ("targets", bundle.target, "workspace")
    if not re.fullmatch(HOST, host):
        fault = f"{host!r} is no workspace: write https://adb-NUMBER.NUMBER.azuredatabricks.net"
        yield bundle.places.describe((*path, "host"), fault)
    mode = bundle.config.get("mode")
    if mode == "development":
        return
    folder = f"/Workspace/Users/{bundle.config['variables']['deployer']['value']}/"
    if not str(bundle.config["workspace"]["root_path"]).startswith(folder):
        fault = (
            "the folder is not the deployer's alone: begin with /Workspace/Users/${var.deployer}"
        )
        yield bundle.places.describe((*path, "root_path"), fault)
    if mode != "production" and bundle.target not in COPIES:
        fault = f"mode is {mode or 'not set'}: write production, which refuses what only dev may do"
        yield bundle.places.describe(("targets", bundle.target, "mode"), fault)


def find_collisions(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Targets that would share a catalog with prod, or write to the same schema.

    Unity Catalog does not tell upper from lower case.
    """
    catalogs = {target: get_catalog(bundle).lower() for target, bundle in bundles.items()}
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
            f"{package!r} begins with a digit, as the prefix {prefix!r} ends, and names would "
            "collide: let it begin with a letter"
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
