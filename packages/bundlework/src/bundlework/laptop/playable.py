"""Finds why a job cannot be played on a laptop, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from bundlework.bundle.faults import (
    find_dynamic,
    find_faults,
    find_values,
    list_jobs,
    list_kinds,
    list_texts,
    name_all,
)
from bundlework.bundle.loading import Bundle
from bundlework.bundle.references import has_python
from bundlework.bundle.yaml_source import BundleError, Path_

from .notebooks import find_code_faults, find_notebook_faults

# The tasks that a laptop plays; the task inside a `for_each_task` is one of the others.
PLAYED = (
    "python_wheel_task",
    "notebook_task",
    "spark_python_task",
    "condition_task",
    "run_job_task",
    "for_each_task",
)
LOOKED_UP = re.compile(r"\$\{var\.(\w+)\}")
KNOWN_VALUES = re.compile(
    r"job\.(id|name|run_id|repair_count|parameters\.[\w-]+|trigger\.type"
    r"|start_time\.(iso_date|iso_datetime|timestamp_ms|year|month|day|hour|minute|second))"
    r"|task\.(name|run_id|execution_count)|tasks\.[\w-]+\.(values\.\w+|result_state)"
    r"|workspace\.(id|url)"
)
INPUT = re.compile(r"input(\.\w+)?")
IN_GIT = "comes from a repository, and a laptop has the bundle's files: take the bundle's"


def check_job(bundle: Bundle, key: str) -> None:
    """Checks a job and the jobs it runs, before anything runs.

    Raises:
        BundleError: One line per fault, with file and line.
    """
    if key not in bundle.jobs:
        more = "; Python code may declare more, in a workspace" if has_python(bundle.config) else ""
        there = ", ".join(sorted(bundle.jobs)) or "none"
        raise BundleError([f"unknown job {key!r}: there are {there}{more}"])
    jobs = dict.fromkeys(list_jobs(bundle, key))
    faults = [fault for job in jobs for fault in _find_job_faults(bundle, job)]
    if faults:
        raise BundleError(list(dict.fromkeys(faults)))


def _find_job_faults(bundle: Bundle, key: str) -> Iterator[str]:
    """The faults of a job, or else the parts of it that a laptop cannot play."""
    path = ("resources", "jobs", key)
    flaws = [flaw for flaw in bundle.flaws if flaw[0][:4] == (*path, "tasks")]
    unsound = [*find_faults(bundle, key), *(bundle.places.describe(*flaw) for flaw in flaws)]
    yield from unsound or _find_unplayable(bundle, key, path)


def _find_unplayable(bundle: Bundle, key: str, path: Path_) -> Iterator[str]:
    job = bundle.jobs[key]
    for index, task in enumerate(job.get("tasks", [])):
        for fault in _find_task_faults(bundle, job, task):
            place = (*path, "tasks", index)
            yield bundle.places.describe(place, f"task {task['task_key']}: {fault}")
    for index, parameter in enumerate(job.get("parameters", [])):
        for value in find_dynamic(parameter["default"]):
            if not KNOWN_VALUES.fullmatch(value):
                yield bundle.places.describe((*path, "parameters", index), _refuse_value(value))


def _find_task_faults(
    bundle: Bundle, job: Mapping[str, Any], task: Mapping[str, Any]
) -> Iterator[str]:
    (kind,) = list_kinds(task)
    if kind not in PLAYED:
        yield f"{kind} cannot run on a laptop: run the job in a workspace"
        return
    for name in sorted({name for text in list_texts(task) for name in LOOKED_UP.findall(text)}):
        yield f"{name} is looked up in a workspace: give --var {name}=..."
    inner = (task.get("for_each_task") or {}).get("task")
    if inner:
        yield from _find_inner_faults(bundle, job, inner)
    for value in find_values(task):
        if not KNOWN_VALUES.fullmatch(value):
            yield _refuse_value(value)
    yield from _find_work_faults(bundle, job, task)


def _find_inner_faults(
    bundle: Bundle, job: Mapping[str, Any], task: Mapping[str, Any]
) -> Iterator[str]:
    (kind,) = list_kinds(task)
    if kind not in PLAYED or kind == "for_each_task":
        yield f"{kind} cannot run on a laptop inside for_each_task: run the job in a workspace"
        return
    for value in find_dynamic(task):
        if not (KNOWN_VALUES.fullmatch(value) or INPUT.fullmatch(value)):
            yield _refuse_value(value)
    yield from _find_work_faults(bundle, job, task)


def _refuse_value(value: str) -> str:
    return f"{{{{{value}}}}} is not a value that a laptop knows: correct it"


def _find_work_faults(
    bundle: Bundle, job: Mapping[str, Any], task: Mapping[str, Any]
) -> Iterator[str]:
    if "python_wheel_task" in task:
        wheel = task["python_wheel_task"]
        fault = find_installed_fault(str(wheel["package_name"]), str(wheel["entry_point"]))
        yield from [fault] if fault else []
    for kind, field in (("notebook_task", "notebook_path"), ("spark_python_task", "python_file")):
        if kind in task:
            yield from _find_file_faults(bundle, job, task[kind], field)
    if "run_job_task" in task and bundle.find_job(task["run_job_task"]["job_id"]) is None:
        yield "the job to run is none of this bundle: run it in a workspace"


def _find_file_faults(
    bundle: Bundle, job: Mapping[str, Any], work: Mapping[str, Any], field: str
) -> Iterator[str]:
    path = str(work[field])
    file = bundle.find_file(path)
    if work.get("source") == "GIT" or (job.get("git_source") and not path.startswith("/")):
        yield f"{path} {IN_GIT}"
    elif file is None:
        yield f"{path} lies in the workspace, and a laptop has the bundle's files: name one of them"
    else:
        named = file.relative_to(bundle.sync_root).as_posix()
        find = find_notebook_faults if field == "notebook_path" else _find_script_faults
        for fault in find(file):
            yield f"{named}: {fault}"


def _find_script_faults(file: Any) -> Iterator[str]:
    return find_code_faults(file.read_text(encoding="utf-8", errors="replace"))


def find_installed_fault(package: str, entry_point: str) -> str | None:
    """Why the installed package has no such entry point; None when it has."""
    try:
        names = {e.name for e in distribution(package).entry_points}
    except (PackageNotFoundError, ValueError):
        return f"the package {package} is not installed: correct package_name, or install it"
    if entry_point in names:
        return None
    there = name_all(names)
    return f"entry point {entry_point} is not in [project.scripts] of pyproject.toml: {there}"
