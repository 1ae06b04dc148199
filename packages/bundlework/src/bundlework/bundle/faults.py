"""Finds the faults of a job, wherever the job runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError
from typing import Any

from .contract import read_pyproject
from .graph import COMPARE, RUN_IF, list_tasks, sort_tasks
from .loading import Bundle
from .parameters import DYNAMIC
from .shapes import find_shape_faults

# Where a job declares what its tasks run on, by what they name it.
COMPUTE = {"environment_key": "environments", "job_cluster_key": "job_clusters"}
# A field of a task that says what the task does.
KIND = re.compile(r"\w+_task")
# The dynamic values that Databricks documents, of those that begin as they do.
BEGINNING = re.compile(r"(job|task|tasks|workspace)\.")
DOCUMENTED = re.compile(
    r"job\.(id|name|run_id|repair_count|parameters\.[\w-]+|trigger\.[\w.-]+"
    r"|start_time\.(iso_date|iso_datetime|iso_weekday|is_weekday|timestamp_ms"
    r"|year|month|day|hour|minute|second))"
    r"|task\.(name|run_id|execution_count|notebook_path)"
    r"|tasks\.[\w-]+\.(values\.[\w.-]+|output\.[\w.-]+|run_id|result_state|error_code"
    r"|execution_count|notebook_path)"
    r"|workspace\.(id|url)"
)


def list_jobs(bundle: Bundle, key: str, trail: tuple[str, ...] = ()) -> Iterator[str]:
    """A job and the jobs that it runs."""
    yield key
    for child in _list_children(bundle, key):
        if child not in (*trail, key):
            yield from list_jobs(bundle, child, (*trail, key))


def _list_children(bundle: Bundle, key: str) -> Iterator[str]:
    for task in list_tasks(bundle.jobs[key]):
        child = bundle.find_job(task.get("run_job_task", {}).get("job_id"))
        if child is not None:
            yield child


def list_kinds(task: Mapping[str, Any]) -> list[str]:
    """The fields of a task that say what the task does; a sound one has one."""
    return sorted(name for name in task if KIND.fullmatch(name))


def _find_job_cycle(bundle: Bundle, key: str, trail: tuple[str, ...] = ()) -> tuple[str, ...]:
    if key in trail:
        return (*trail, key)
    for child in _list_children(bundle, key):
        cycle = _find_job_cycle(bundle, child, (*trail, key))
        if cycle:
            return cycle
    return ()


def find_faults(bundle: Bundle, key: str) -> Iterator[str]:
    """The faults of one job, with file and line; those of its shape first."""
    path = ("resources", "jobs", key)
    unshapely = list(find_shape_faults(bundle.jobs[key], path))
    for place, fault in unshapely:
        yield bundle.places.describe(place, fault)
    if not unshapely:
        yield from _find_graph_faults(bundle, key)


def _find_graph_faults(bundle: Bundle, key: str) -> Iterator[str]:
    job, path = bundle.jobs[key], ("resources", "jobs", key)
    keys = [task["task_key"] for task in job.get("tasks", [])]
    for index, task in enumerate(job.get("tasks", [])):
        for fault in _find_task_faults(bundle, job, task, keys):
            yield bundle.places.describe((*path, "tasks", index), fault)
    for index, parameter in enumerate(job.get("parameters", [])):
        for fault in _find_default_faults(parameter):
            yield bundle.places.describe((*path, "parameters", index), fault)
    for field, group in COMPUTE.items():
        there = [entry[field] for entry in job.get(group, [])]
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
    name = task["task_key"]
    if keys.count(name) > 1:
        yield f"task_key {name} is used twice: give each task its own"
    for needed in task.get("depends_on", []):
        if needed["task_key"] not in keys:
            fault = (
                f"depends on {needed['task_key']}, which is no task of the job: {name_all(keys)}"
            )
            yield f"task {name} {fault}"
    if task.get("run_if", "ALL_SUCCESS") not in RUN_IF:
        yield f"task {name}: run_if {task['run_if']} is not one of {', '.join(RUN_IF)}"
    ended = _list_needed(job, name)
    inner = (task.get("for_each_task") or {}).get("task")
    for part in (task, inner) if inner else (task,):
        yield from _find_work_faults(bundle, job, part)
        for value in find_values(part):
            if wrong := _judge_value(value, job, keys, ended):
                yield f"task {name}: {wrong}"


def _find_work_faults(
    bundle: Bundle, job: Mapping[str, Any], task: Mapping[str, Any]
) -> Iterator[str]:
    """The faults of a task's work, and of the compute that it names."""
    name, kinds = task["task_key"], list_kinds(task)
    if len(kinds) != 1:
        told = f"has {' and '.join(kinds) or 'nothing to do'}, and "
        yield f"task {name} {told}needs one of python_wheel_task, notebook_task or the like"
    op = task.get("condition_task", {}).get("op", "EQUAL_TO")
    if op not in COMPARE:
        yield f"task {name}: op {op} is not one of {', '.join(COMPARE)}"
    for field, group in COMPUTE.items():
        declared = {entry.get(field) for entry in job.get(group, [])}
        if task.get(field) and task[field] not in declared:
            yield f"task {name}: {field} {task[field]} is not among the job's {group}: declare it"
    if "python_wheel_task" in task:
        fault = find_entry_point_fault(bundle, task["python_wheel_task"])
        yield from [f"task {name}: {fault}"] if fault else []
    if "run_job_task" in task:
        yield from _find_call_faults(bundle, name, task["run_job_task"])


def find_values(task: Mapping[str, Any]) -> Iterator[str]:
    """The dynamic values of a task, without those of the task inside it."""
    each = {k: v for k, v in (task.get("for_each_task") or {}).items() if k != "task"}
    yield from find_dynamic({**task, "for_each_task": each})


def find_dynamic(value: Any) -> Iterator[str]:
    """Every dynamic value that texts inside a value refer to."""
    for text in list_texts(value):
        yield from DYNAMIC.findall(text)


def _list_needed(job: Mapping[str, Any], key: str) -> set[str]:
    """The tasks that have ended when a task begins."""
    needed = {t["task_key"]: {n["task_key"] for n in t.get("depends_on", [])} for t in job["tasks"]}
    found: set[str] = set()
    waiting = [key]
    while waiting:
        new = needed.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _judge_value(
    value: str, job: Mapping[str, Any], keys: list[Any], ended: Collection[str]
) -> str | None:
    if not BEGINNING.match(value):
        return None
    if not DOCUMENTED.fullmatch(value):
        return f"{{{{{value}}}}} is not a value that Databricks knows: correct it"
    scope, name, *rest = value.split(".")
    declared = {parameter["name"] for parameter in job.get("parameters", [])}
    if (scope, name) == ("job", "parameters") and rest[0] not in declared:
        return f"the job has no parameter {rest[0]}: declare it"
    if scope == "tasks" and name not in keys:
        return f"{name} is no task of the job: {name_all(keys)}"
    if scope == "tasks" and name not in ended:
        return f"{{{{{value}}}}} may not be there yet: add {name} to depends_on"
    return None


def _find_default_faults(parameter: Mapping[str, Any]) -> Iterator[str]:
    for value in find_dynamic(parameter["default"]):
        if value.startswith(("task", "job.parameters.")):
            yield f"{{{{{value}}}}} is not known when a job starts: pass it to a task instead"
        elif BEGINNING.match(value) and not DOCUMENTED.fullmatch(value):
            yield f"{{{{{value}}}}} is not a value that Databricks knows: correct it"


def name_all(names: Iterable[Any]) -> str:
    """Lists the names to choose from."""
    return f"there are {', '.join(sorted(map(str, names))) or 'none'}"


def list_texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from list_texts(part)


def _find_call_faults(bundle: Bundle, key: str, call: Mapping[str, Any]) -> Iterator[str]:
    child = bundle.find_job(call["job_id"])
    if child is None and "${" in str(call["job_id"]):
        # A job that is looked up in the workspace, or that the project's Python code declares.
        return
    if child is None:
        fault = "is no job of this bundle: refer to one, ${resources.jobs.KEY.id}"
        yield f"task {key}: job_id {call['job_id']} {fault}"
        return
    declared = {parameter.get("name") for parameter in bundle.jobs[child].get("parameters", [])}
    for name in sorted(set(call.get("job_parameters") or {}) - declared):
        yield f"task {key}: the job it runs has no parameter {name}: declare it in {child}"


def find_entry_point_fault(bundle: Bundle, wheel: Mapping[str, Any]) -> str | None:
    """Why the project's own package has no such entry point; None when it has, or is another's."""
    project = read_pyproject(bundle.root).get("project", {})
    own = str(project.get("name", "")).replace("-", "_")
    scripts = project.get("scripts")
    if str(wheel["package_name"]).replace("-", "_") != own or not isinstance(scripts, dict):
        return None
    if wheel["entry_point"] in scripts:
        return None
    there = name_all(scripts)
    return (
        f"entry point {wheel['entry_point']} is not in [project.scripts] of pyproject.toml: {there}"
    )


def _find_cycle(job: dict[str, Any]) -> list[str]:
    try:
        sort_tasks(job)
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []
