"""Checks of a resolved bundle beyond its types; each check yields its faults.

A fault is one line: file and line, the path in the YAML, what is wrong and what to do.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from .contract import TABLE, read_contract, read_package
from .entry_points import find_parameter_faults, find_script_faults
from .faults import find_faults
from .loading import Bundle
from .presets import NAME_FIELDS, PRESETS, TRIGGERS, normalise, normalise_prefix
from .quartz import find_cron_faults
from .sources import find_hard_coded_names
from .writes import (
    find_foreign_names,
    find_outside_resources,
    find_undeclared_writes,
    find_unmarked_settings,
    get_catalog,
)

# Why a job states each of these fields.
OPERATION = {
    "max_concurrent_runs": "two runs at once would write to the same tables",
    "queue": "a run that comes while another one runs would be skipped",
    "timeout_seconds": "a run that hangs would cost money for ever",
    "health": "nobody would hear of a run that takes too long",
    "email_notifications": "nobody would hear of a failure",
}
# A continuous job is not meant to end, and its retries are not those of tasks.
OF_AN_END = {"timeout_seconds", "health"}
DURATION = "RUN_DURATION_SECONDS"
HOST = r"https://adb-\d+\.\d+\.azuredatabricks\.net|https?://127\.0\.0\.1:\d+"
# Kinds whose names a target's prefix goes before.
PREFIXED = {*PRESETS, "volumes"}


def find_graph_faults(bundle: Bundle) -> Iterator[str]:
    """Task keys, dependencies, cycles, kinds of tasks, dynamic values, files, entry points."""
    for job in bundle.jobs:
        yield from find_faults(bundle, job)


def find_schedule_faults(bundle: Bundle) -> Iterator[str]:
    """Cron expressions and time zones that nobody could keep, and schedules live out of prod."""
    for key, job in bundle.jobs.items():
        for kind in TRIGGERS:
            path = ("resources", "jobs", key, kind)
            for fault in _find_schedule_faults(bundle, job.get(kind) or {}):
                yield bundle.places.describe(path, fault)


def _find_schedule_faults(bundle: Bundle, schedule: dict[str, Any]) -> Iterator[str]:
    if "quartz_cron_expression" in schedule:
        yield from find_cron_faults(str(schedule["quartz_cron_expression"]))
    zone = schedule.get("timezone_id")
    if zone is not None and zone not in available_timezones():
        yield f"there is no time zone {zone!r}: write a name such as UTC or Europe/Berlin"
    is_live = schedule and schedule.get("pause_status") != "PAUSED"
    if is_live and bundle.target != bundle.contract.targets.production:
        advice = "set presets.trigger_pause_status to PAUSED in the target"
        yield f"is live in {bundle.target}: {advice}"


def find_operation_faults(bundle: Bundle) -> Iterator[str]:
    """Jobs that do not state what a person on call relies on."""
    for key, job in bundle.jobs.items():
        path = ("resources", "jobs", key)
        unneeded = OF_AN_END if "continuous" in job else set()
        for field in bundle.contract.every_job.fields:
            if not job.get(field) and field not in unneeded:
                why = OPERATION.get(field, "the project's own rule is broken")
                yield bundle.places.describe(path, f"{field} is not set: set it, or {why}")
        if not job.get("queue", {}).get("enabled", True):
            fault = f"queue.enabled is not true: set it, or {OPERATION['queue']}"
            yield bundle.places.describe((*path, "queue"), fault)
        if job.get("email_notifications") and not job["email_notifications"].get("on_failure"):
            fault = f"on_failure is not set: set it, or {OPERATION['email_notifications']}"
            yield bundle.places.describe((*path, "email_notifications"), fault)
        for index, task in enumerate([] if unneeded else job.get("tasks", [])):
            if {"python_wheel_task", "notebook_task"} & set(task) and "max_retries" not in task:
                fault = "max_retries is not set: say whether the task is safe to repeat"
                yield bundle.places.describe((*path, "tasks", index), fault)
        if job.get("max_concurrent_runs", 1) != 1:
            fault = f"max_concurrent_runs is not 1: set it, or {OPERATION['max_concurrent_runs']}"
            yield bundle.places.describe((*path, "max_concurrent_runs"), fault)


def find_tag_faults(bundle: Bundle) -> Iterator[str]:
    """Jobs without a tag that the account's usage is told apart by."""
    for key, job in bundle.jobs.items():
        demanded = bundle.contract.every_job.tags
        missing = [tag for tag in demanded if not (job.get("tags") or {}).get(tag)]
        if missing:
            fault = (
                f"{', '.join(missing)} not set: set stage in the job and the others in "
                "presets.tags, or nobody could tell what it costs"
            )
            yield bundle.places.describe(("resources", "jobs", key, "tags"), fault)


def find_duration_faults(bundle: Bundle) -> Iterator[str]:
    """Jobs whose health has no rule on how long a run takes."""
    for key, job in bundle.jobs.items():
        rules = (job.get("health") or {}).get("rules", [])
        if job.get("health") and DURATION not in [rule.get("metric") for rule in rules]:
            fault = f"no rule has the metric {DURATION}: add one, or {OPERATION['health']}"
            yield bundle.places.describe(("resources", "jobs", key, "health"), fault)


def find_file_faults(bundle: Bundle) -> Iterator[str]:
    """Files that resources name and that are not there, or are something else."""
    for path, fault in bundle.flaws:
        yield bundle.places.describe(path, fault)


def find_prefix_faults(bundle: Bundle) -> Iterator[str]:
    """In development, names without the developer's: two people would overwrite each other."""
    if not bundle.is_development:
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
    if bundle.is_development:
        return
    deployer = bundle.contract.variables.deployer
    folder = f"/Workspace/Users/{bundle.config['variables'][deployer]['value']}/"
    if not str(bundle.config["workspace"]["root_path"]).startswith(folder):
        fault = (
            "the folder is not the deployer's alone: "
            f"begin with /Workspace/Users/${{var.{deployer}}}"
        )
        yield bundle.places.describe((*path, "root_path"), fault)
    mode = bundle.config.get("mode")
    if mode != "production" and bundle.target != bundle.contract.targets.pull_request:
        fault = f"mode is {mode or 'not set'}: write production, which refuses what only dev may do"
        yield bundle.places.describe(("targets", bundle.target, "mode"), fault)


def find_collisions(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Targets that would share a catalog with prod, or write to the same schema.

    Unity Catalog does not tell upper from lower case.
    """
    catalogs = {target: get_catalog(bundle).lower() for target, bundle in bundles.items()}
    for target, bundle in bundles.items():
        live, name = bundle.contract.targets.production, bundle.contract.variables.catalog
        path = ("targets", target, "variables", name)
        if target != live and catalogs[target] == catalogs.get(live):
            fault = f"{catalogs[target]} is the catalog of {live} too: give each its own"
            yield bundle.places.describe(path, fault)
        for other in list(bundles)[: list(bundles).index(target)]:
            shared = sorted(set(bundle.schemas) & set(bundles[other].schemas))
            if shared and catalogs[target] != catalogs.get(live):
                fault = f"{', '.join(shared)}: {other} has the same; give names another prefix"
                yield bundle.places.describe(path, fault)


def find_prefix_collisions(bundle: Bundle) -> Iterator[str]:
    """Prefixes that run into the name: pull request 1 of `2x` would be 12 of `x`."""
    given = str((bundle.config.get("presets") or {}).get("name_prefix", ""))
    prefix = normalise_prefix(given)
    for key, schema in bundle.config["resources"].get("schemas", {}).items():
        name = str(schema.get("name", "")).removeprefix(prefix)
        if prefix[-1:].isdigit() and name[:1].isdigit():
            fault = (
                f"{name!r} begins with a digit, as the prefix {given!r} ends, and names would "
                "collide: let it begin with a letter"
            )
            yield bundle.places.describe(("resources", "schemas", key, "name"), fault)


@dataclass(frozen=True)
class Check:
    """A check, and the roles of the contract without which it is skipped.

    The role `settings` also needs the project's package, whose settings are imported.
    """

    find: Callable[..., Iterator[str]]
    needs: tuple[str, ...] = ()

    def find_obstacle(self, root: Path) -> str:
        """Why the check cannot be made for a project; nothing where it can."""
        contract, package = read_contract(root), read_package(root)
        missing = [role for role in self.needs if not contract.find(role)]
        if missing:
            return f"{TABLE}.{missing[0]} is not declared"
        is_there = "settings" not in self.needs or importlib.util.find_spec(package)
        return "" if is_there else f"{package} is not installed here"

    def describe(self) -> str:
        """The faults that the check finds, as the first line of its docstring says."""
        return (self.find.__doc__ or "").splitlines()[0]


ROLES = ("targets.production", "variables.deployer")
# Of one target each.
TARGET_CHECKS = (
    Check(find_graph_faults),
    Check(find_file_faults),
    Check(find_parameter_faults, ("settings",)),
    Check(find_outside_resources, ("variables.catalog",)),
    Check(find_undeclared_writes, ("variables.catalog", "settings")),
    Check(find_schedule_faults, ("targets.production",)),
    Check(find_operation_faults, ("every_job.fields",)),
    Check(find_tag_faults, ("every_job.tags",)),
    Check(find_duration_faults, ("every_job.fields",)),
    Check(find_prefix_faults, ("targets.development",)),
    Check(find_prefix_collisions, ("targets.pull_request",)),
    Check(find_workspace_faults, ROLES),
)
# Of all targets together.
BUNDLE_CHECKS = (
    Check(find_script_faults, ("settings",)),
    Check(find_foreign_names, ("variables.catalog",)),
    Check(find_unmarked_settings, ("settings",)),
    Check(find_collisions, ("variables.catalog", "targets.production")),
    Check(find_hard_coded_names, ("variables.catalog",)),
)
