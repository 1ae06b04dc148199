"""The fields that a job and its parts must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .yaml_source import Path_


@dataclass(frozen=True)
class Shape:
    """The fields of a part of a job.

    Attributes:
        needed: The names of those that it must have, with blanks between them.
        parts: Those that have fields of their own.
        lists: Those that are lists of parts.
    """

    needed: str = ""
    parts: Mapping[str, Shape] = field(default_factory=dict)
    lists: Mapping[str, Shape] = field(default_factory=dict)


KINDS = {
    "python_wheel_task": Shape("package_name entry_point"),
    "notebook_task": Shape("notebook_path"),
    "spark_python_task": Shape("python_file"),
    "condition_task": Shape("op left right"),
    "run_job_task": Shape("job_id"),
}
INNER_TASK = Shape("task_key", KINDS)
TASK = Shape(
    "task_key",
    {**KINDS, "for_each_task": Shape("inputs task", {"task": INNER_TASK})},
    {"depends_on": Shape("task_key")},
)
JOB = Shape(
    lists={
        "parameters": Shape("name default"),
        "environments": Shape("environment_key"),
        "job_clusters": Shape("job_cluster_key"),
        "tasks": TASK,
    },
)


def find_shape_faults(
    value: Mapping[str, Any], path: Path_, shape: Shape = JOB
) -> Iterator[tuple[Path_, str]]:
    """Fields that a job or a part of a job lacks, by their path in the YAML."""
    for name in shape.needed.split():
        if value.get(name) is None:
            yield path, f"{name} is missing: write it"
    for name in shape.parts.keys() & value.keys():
        yield from find_shape_faults(value[name], (*path, name), shape.parts[name])
    for name in shape.lists.keys() & value.keys():
        for index, entry in enumerate(value[name]):
            yield from find_shape_faults(entry, (*path, name, index), shape.lists[name])
