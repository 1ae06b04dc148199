"""The parameters of jobs and tasks: given ones, defaults, and how a job pushes them down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .yaml_source import BundleError

DYNAMIC = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# Where each type of task has its parameters by name, to which those of its job are added.
NAMED_PARAMETERS = {
    "notebook_task": "base_parameters",
    "python_wheel_task": "named_parameters",
    "run_job_task": "job_parameters",
}


def fill_parameters(job: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The job's parameters: given ones before defaults.

    Raises:
        BundleError: A given one is not declared.
    """
    declared = {p["name"]: str(p["default"]) for p in job.get("parameters", [])}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        there = ", ".join(declared) or "none"
        raise BundleError(
            [f"job {job['name']} has no parameter {n}: there are {there}" for n in unknown]
        )
    return {**declared, **{name: str(value) for name, value in given.items()}}


def push_down(task: Mapping[str, Any], parameters: Mapping[str, str]) -> Mapping[str, Any]:
    """The task with its job's parameters, which come before its own of the same name.

    A wheel takes them only where it has named parameters already.
    """
    for kind, field in NAMED_PARAMETERS.items():
        own = task.get(kind, {}).get(field) or {}
        if kind in task and (own or kind != "python_wheel_task"):
            return {**task, kind: {**task[kind], field: {**own, **parameters}}}
    return task
