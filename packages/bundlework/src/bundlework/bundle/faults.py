"""What is wrong with a job, or cannot run on a laptop; found before anything runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from graphlib import CycleError
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from .graph import COMPARE, RUN_IF, sort_tasks
from .loading import Bundle
from .notebooks import find_notebook_faults
from .parameters import DYNAMIC
from .shapes import KINDS, find_shape_faults
from .yaml_source import BundleError

# Where a job declares what its tasks run on, by what they name it.
COMPUTE = {"environment_key": "environments", "job_cluster_key": "job_clusters"}
LOOKED_UP = re.compile(r"\$\{var\.(\w+)\}")
KNOWN_VALUES = re.compile(
    r"job\.(id|name|run_id|repair_count|parameters\.\w+|trigger\.type"
    r"|start_time\.(iso_date|iso_datetime|timestamp_ms|year|month|day|hour|minute|second))"
    r"|task\.(name|run_id|execution_count)|tasks\.[\w-]+\.(values\.\w+|result_state)"
    r"|workspace\.(id|url)"
)


def check_job(bundle: Bundle, key: str) -> None:
    """Checks a job and the jobs it runs, before anything runs.

    Raises:
        BundleError: One line per fault, with file and line.
    """
    if key not in bundle.jobs:
        raise BundleError([f"unknown job {key!r}: there are {', '.join(sorted(bundle.jobs))}"])
    faults = [f for job in _list_jobs(bundle, key, ()) for f in find_faults(bundle, job)]
    if faults:
        raise BundleError(list(dict.fromkeys(faults)))


def _list_jobs(bundle: Bundle, key: str, trail: tuple[str, ...]) -> Iterator[str]:
    yield key
    for child in _list_children(bundle, key):
        if child not in trail:
            yield from _list_jobs(bundle, child, (*trail, key))


def _list_children(bundle: Bundle, key: str) -> Iterator[str]:
    """The jobs that a job runs; of one that is half-written, nobody can tell."""
    job = {} if any(find_shape_faults(bundle, key)) else bundle.jobs[key]
    for task in job.get("tasks", []):
        child = bundle.find_job(task.get("run_job_task", {}).get("job_id"))
        if child is not None:
            yield child


def _find_job_cycle(bundle: Bundle, key: str, trail: tuple[str, ...] = ()) -> tuple[str, ...]:
    if key in trail:
        return (*trail, key)
    for child in _list_children(bundle, key):
        cycle = _find_job_cycle(bundle, child, (*trail, key))
        if cycle:
            return cycle
    return ()


def find_faults(bundle: Bundle, key: str) -> Iterator[str]:
    """What is wrong with one job, each with file and line; its shape first."""
    unshapely = list(find_shape_faults(bundle, key))
    yield from unshapely or _find_graph_faults(bundle, key)


def _find_graph_faults(bundle: Bundle, key: str) -> Iterator[str]:
    job, path = bundle.jobs[key], ("resources", "jobs", key)
    keys = [task.get("task_key") for task in job.get("tasks", [])]
    for index, task in enumerate(job.get("tasks", [])):
        for fault in _find_task_faults(bundle, job, task, keys):
            yield bundle.places.describe((*path, "tasks", index), fault)
    for index, parameter in enumerate(job.get("parameters", [])):
        for fault in _find_default_faults(parameter):
            yield bundle.places.describe((*path, "parameters", index), fault)
    for field, group in COMPUTE.items():
        there = [entry.get(field) for entry in job.get(group, [])]
        for name in sorted({str(name) for name in there if there.count(name) > 1}):
            fault = f"{field} {name} is used twice: write it once, or override it by a variable"
            yield bundle.places.describe((*path, group), fault)
    for what, cycle in (
        ("tasks wait in a circle", _find_cycle(job)),
        ("jobs run each other in a circle", _find_job_cycle(bundle, key)),
    ):
        if cycle:
            yield bundle.places.describe(path, f"{what}: {' > '.join(cycle)}: remove one of these")


def _find_task_faults(
    bundle: Bundle, job: dict[str, Any], task: dict[str, Any], keys: list[Any]
) -> Iterator[str]:
    name = task.get("task_key")
    if keys.count(name) > 1:
        yield f"task_key {name} is used twice: give each task its own"
    if len(KINDS.keys() & task.keys()) != 1:
        yield f"task {name} needs one of {', '.join(KINDS)}"
    for needed in task.get("depends_on", []):
        if needed["task_key"] not in keys:
            fault = f"depends on {needed['task_key']}, which is no task of the job: {_list(keys)}"
            yield f"task {name} {fault}"
    if task.get("run_if", "ALL_SUCCESS") not in RUN_IF:
        yield f"task {name}: run_if {task['run_if']} is not one of {', '.join(RUN_IF)}"
    op = task.get("condition_task", {}).get("op", "EQUAL_TO")
    if op not in COMPARE:
        yield f"task {name}: op {op} is not one of {', '.join(COMPARE)}"
    yield from _find_place_faults(job, task)
    yield from _find_value_faults(job, task, keys)
    yield from _find_target_faults(bundle, task)


def _find_place_faults(job: dict[str, Any], task: dict[str, Any]) -> Iterator[str]:
    for field, group in COMPUTE.items():
        there = [entry.get(field) for entry in job.get(group, [])]
        if task.get(field) and task[field] not in there:
            fault = f"{field} {task[field]} is not among the job's {group}: {_list(there)}"
            yield f"task {task['task_key']}: {fault}"


def _find_value_faults(job: dict[str, Any], task: dict[str, Any], keys: list[Any]) -> Iterator[str]:
    for name in _find_all(LOOKED_UP, task):
        yield f"task {task['task_key']}: {name} is looked up in a workspace: give --var {name}=..."
    declared = {parameter["name"] for parameter in job.get("parameters", [])}
    ended = _find_ancestors(job, task["task_key"])
    for value in _find_all(DYNAMIC, task):
        fault = _judge_value(value, declared, keys, ended)
        if fault:
            yield f"task {task['task_key']}: {fault}"


def _find_all(pattern: re.Pattern[str], value: Any) -> list[str]:
    return sorted({found for text in list_texts(value) for found in pattern.findall(text)})


def _find_ancestors(job: dict[str, Any], key: str) -> set[str]:
    needed = {t["task_key"]: {n["task_key"] for n in t.get("depends_on", [])} for t in job["tasks"]}
    found: set[str] = set()
    waiting = [key]
    while waiting:
        new = needed.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _judge_value(
    value: str, parameters: Collection[str], keys: list[Any], ended: Collection[str]
) -> str | None:
    if not KNOWN_VALUES.fullmatch(value):
        return f"{{{{{value}}}}} is not a value that a laptop knows: correct it"
    scope, name, *rest = value.split(".")
    if (scope, name) == ("job", "parameters") and rest[0] not in parameters:
        return f"the job has no parameter {rest[0]}: declare it"
    if scope == "tasks" and name not in keys:
        return f"{name} is no task of the job: {_list(keys)}"
    if scope == "tasks" and name not in ended:
        return f"{{{{{value}}}}} may not be there yet: add {name} to depends_on"
    return None


def _find_default_faults(parameter: dict[str, Any]) -> Iterator[str]:
    for value in _find_all(DYNAMIC, parameter.get("default")):
        if not KNOWN_VALUES.fullmatch(value):
            yield f"{{{{{value}}}}} is not a value that a laptop knows: correct it"
        elif value.startswith(("task", "job.parameters.")):
            yield f"{{{{{value}}}}} is not known when a job starts: pass it to a task instead"


def _list(names: Iterable[Any]) -> str:
    return f"there are {', '.join(sorted(map(str, names))) or 'none'}"


def list_texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from list_texts(part)


def _find_target_faults(bundle: Bundle, task: dict[str, Any]) -> Iterator[str]:
    wheel = task.get("python_wheel_task")
    if wheel:
        fault = find_entry_point_fault(wheel["package_name"], wheel["entry_point"])
        if fault:
            yield f"task {task['task_key']}: {fault}"
    if "notebook_task" in task:
        for fault in find_notebook_faults(bundle.root, task["notebook_task"]):
            yield f"task {task['task_key']}: {fault}"
    if "run_job_task" in task:
        yield from _find_call_faults(bundle, task["task_key"], task["run_job_task"])


def _find_call_faults(bundle: Bundle, key: str, call: dict[str, Any]) -> Iterator[str]:
    child = bundle.find_job(call.get("job_id"))
    if child is None:
        fault = "is no job of this bundle: refer to one, ${resources.jobs.KEY.id}"
        yield f"task {key}: job_id {call.get('job_id')} {fault}"
        return
    declared = {parameter["name"] for parameter in bundle.jobs[child].get("parameters", [])}
    for name in sorted(set(call.get("job_parameters") or {}) - declared):
        yield f"task {key}: the job it runs has no parameter {name}: declare it in {child}"


def find_entry_point_fault(package: str, entry_point: str) -> str | None:
    """Why the installed package has no such entry point; None when it has."""
    try:
        names = {e.name for e in distribution(package).entry_points}
    except PackageNotFoundError:
        return f"the package {package} is not installed: correct package_name, or install it"
    if entry_point in names:
        return None
    return (
        f"entry point {entry_point} is not in [project.scripts] of pyproject.toml: {_list(names)}"
    )


def _find_cycle(job: dict[str, Any]) -> list[str]:
    try:
        sort_tasks(job)
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []
