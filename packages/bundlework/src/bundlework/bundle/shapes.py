"""What a job must and may say, part by part, for a laptop to run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .loading import Bundle
from .yaml_source import Path_


@dataclass(frozen=True)
class Shape:
    """The fields of a part of a job.

    Attributes:
        needed: The names of those that it must have, with blanks between them.
        optional: The names of others.
        parts: Others that have fields of their own.
        lists: Others that are lists of parts.
    """

    needed: str
    optional: str = ""
    parts: Mapping[str, Shape] = field(default_factory=dict)
    lists: Mapping[str, Shape] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        """All names."""
        return {*self.needed.split(), *self.optional.split(), *self.parts, *self.lists}


KINDS = {
    "python_wheel_task": Shape("package_name entry_point", "parameters named_parameters"),
    "notebook_task": Shape("notebook_path", "base_parameters source"),
    "condition_task": Shape("op left right"),
    "run_job_task": Shape("job_id", "job_parameters"),
}
# The cluster, the environment and who is told do not change what a job does.
TASK = Shape(
    "task_key",
    "description disable_auto_optimization email_notifications environment_key existing_cluster_id"
    " health job_cluster_key libraries max_retries min_retry_interval_millis new_cluster"
    " notification_settings retry_on_timeout run_if timeout_seconds webhook_notifications",
    parts=KINDS,
    lists={"depends_on": Shape("task_key", "outcome")},
)
JOB = Shape(
    "name",
    "budget_policy_id description email_notifications health id max_concurrent_runs"
    " notification_settings performance_target permissions queue run_as schedule tags"
    " timeout_seconds trigger webhook_notifications",
    lists={
        "parameters": Shape("name default"),
        "environments": Shape("environment_key", "spec"),
        "job_clusters": Shape("job_cluster_key", "new_cluster"),
        "tasks": TASK,
    },
)


def find_shape_faults(bundle: Bundle, key: str) -> Iterator[str]:
    """What a job lacks, and what of it a laptop cannot follow, with file and line."""
    for path, fault in _find_faults(JOB, bundle.jobs[key], ("resources", "jobs", key)):
        yield bundle.places.describe(path, fault)


def _find_faults(shape: Shape, value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if not isinstance(value, dict):
        yield path, f"{_show(value)}: write {', '.join(shape.needed.split())} here"
        return
    for name in shape.needed.split():
        if value.get(name) is None:
            yield path, f"{name} is missing: write it"
        elif isinstance(value[name], dict | list):
            yield (*path, name), f"it is {value[name]!r}: write a text"
    unsupported = sorted(str(name) for name in set(value) - shape.known)
    if unsupported:
        yield path, f"{', '.join(unsupported)} cannot run on a laptop: remove it"
    for name in shape.parts.keys() & value.keys():
        yield from _find_faults(shape.parts[name], value[name], (*path, name))
    for name in shape.lists.keys() & value.keys():
        yield from _find_list_faults(shape.lists[name], value[name], (*path, name))


def _find_list_faults(shape: Shape, value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if not isinstance(value, list):
        yield path, f"{_show(value)}: write a list, or remove the field"
        return
    for index, entry in enumerate(value):
        yield from _find_faults(shape, entry, (*path, index))


def _show(value: Any) -> str:
    return "it is empty" if value is None else f"it is {value!r}"
