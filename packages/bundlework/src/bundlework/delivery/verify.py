"""After a deployment: is there what the bundle says, and does it run when it should?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.presets import TRIGGERS

from .endpoint import find_endpoint_faults
from .forgotten import list_forgotten
from .workspace import ask_workspace, find_in_workspace, list_ids, read_summary


def verify(root: Path, target: str | None) -> int:
    """Prints what is wrong with a deployment.

    Returns:
        0 when nothing is, else 1.

    Raises:
        Refusal: The workspace cannot be asked.
    """
    bundle = load_bundle(root, target)
    summary = read_summary(bundle)
    jobs = dict(read_jobs(bundle, summary.get("resources", {}).get("jobs", {})))
    faults = [
        *(f"jobs.{key}: it is not there: deploy again" for key in bundle.jobs if key not in jobs),
        *(thing.describe(bundle.target) for thing in list_forgotten(bundle, summary)),
        *find_missing_wheels(bundle, jobs),
        *find_trigger_faults(bundle, jobs),
        *find_missing_groups(bundle, list_ids(summary, "jobs")),
        *find_endpoint_faults(bundle),
    ]
    said = (
        f"{bundle.target}: {len(jobs)} jobs, their wheel and their schedules are as they should be"
    )
    print("\n".join(faults) or said)
    return 1 if faults else 0


def read_jobs(bundle: Bundle, deployed: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings, as the workspace has them, of the jobs that are there."""
    for key, job in deployed.items():
        found = find_in_workspace(bundle, "jobs", "get", str(job["id"])) if "id" in job else None
        if found:
            yield key, found["settings"]


def find_missing_wheels(bundle: Bundle, jobs: dict[str, Any]) -> Iterator[str]:
    """Wheels that a job looks for and that are not there."""
    for wheel in sorted({wheel for job in jobs.values() for wheel in list_wheels(job)}):
        if not find_in_workspace(bundle, "workspace", "get-status", wheel):
            users = ", ".join(key for key, job in jobs.items() if wheel in list_wheels(job))
            yield f"{wheel} is not there, and {users} need it: deploy again"
    if not any(list_wheels(job) for job in jobs.values()):
        yield "no job has a wheel: deploy again"


def list_wheels(job: dict[str, Any]) -> set[str]:
    """The wheels in the workspace that a job's environments and libraries name."""
    specs = [environment["spec"] for environment in job.get("environments", [])]
    named = [name for spec in specs for name in spec.get("dependencies", [])]
    libraries = [library for task in job.get("tasks", []) for library in task.get("libraries", [])]
    named += [library["whl"] for library in libraries if "whl" in library]
    return {name for name in named if name.startswith("/Workspace") and name.endswith(".whl")}


def find_trigger_faults(bundle: Bundle, jobs: dict[str, Any]) -> Iterator[str]:
    """Schedules and triggers that are live where they should be paused, or paused where live."""
    for key, kind in ((key, kind) for key in jobs for kind in TRIGGERS if kind in bundle.jobs[key]):
        expected = bundle.jobs[key][kind].get("pause_status", "UNPAUSED")
        found = jobs[key].get(kind, {}).get("pause_status", "absent")
        if found != expected:
            yield f"jobs.{key}.{kind}: it is {found}, not {expected}: deploy again"


def find_missing_groups(bundle: Bundle, numbers: dict[str, str]) -> Iterator[str]:
    """Groups that may do nothing with a job, although the bundle lets them.

    The workspace knows only groups that are assigned to it.
    """
    for key, number in numbers.items():
        found = ask_workspace(bundle, "permissions", "get", "jobs", number)
        there = {given.get("group_name") for given in found.get("access_control_list", [])}
        for given in bundle.jobs.get(key, {}).get("permissions") or []:
            group = given.get("group_name")
            if group and group not in there:
                mend = "assign it to the workspace (make identities), and deploy again"
                yield f"jobs.{key}: the group {group} has no {given['level']} there: {mend}"
