"""After a deployment: is there what the bundle says, and does it run when it should?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.presets import TRIGGERS
from bundlework.errors import Refusal

from .deploy import ask_bundle
from .programs import ask

# The CLI says one of these when a thing does not exist.
NOT_THERE = re.compile(r"Job \d+ does not exist|Path \(.*\) doesn't exist")


def verify(root: Path, target: str | None) -> int:
    """Prints what is wrong with a deployment.

    Returns:
        0 when nothing is, else 1.

    Raises:
        Refusal: The workspace cannot be asked.
    """
    bundle = load_bundle(root, target)
    deployed = json.loads(ask_bundle(bundle, "summary", "-o", "json")).get("resources", {})
    jobs = dict(read_jobs(bundle, deployed.get("jobs", {})))
    faults = [
        *(f"jobs.{key}: it is not there: deploy again" for key in bundle.jobs if key not in jobs),
        *find_doubles(bundle, {str(job.get("id")) for job in deployed.get("jobs", {}).values()}),
        *find_missing_wheels(bundle, jobs),
        *find_trigger_faults(bundle, jobs),
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


def ask_workspace(bundle: Bundle, *words: str) -> Any:
    """Asks the target's workspace through a command of the CLI, and parses the answer."""
    said = ask(bundle.root, "databricks", *words, "--output", "json", "--target", bundle.target)
    return json.loads(said)


def find_in_workspace(bundle: Bundle, *words: str) -> Any:
    """Asks the workspace about one thing; None where the thing does not exist.

    Raises:
        Refusal: Nobody knows: the workspace cannot be asked.
    """
    try:
        return ask_workspace(bundle, *words)
    except Refusal as error:
        if not NOT_THERE.search(str(error)):
            raise
        return None


def find_doubles(bundle: Bundle, known: set[str]) -> Iterator[str]:
    """Jobs that a deployment made and then forgot, since its agent was lost."""
    # Developers share the tags of their target.
    for job in [] if bundle.is_development else list_tagged_jobs(bundle, read_tags(bundle)):
        number, name = str(job["job_id"]), job["settings"]["name"]
        if number not in known:
            mend = f"databricks jobs delete {number} --target {bundle.target}"
            yield f"job {number}, {name}, is there and no deployment knows it: {mend}"


def read_tags(bundle: Bundle) -> dict[str, str]:
    """The tags that together tell the jobs of a target from all others."""
    tags = bundle.config["presets"].get("tags", {})
    identity = bundle.contract.need("every_job.identity")
    return {name: str(tags[name]) for name in identity if name in tags}


def list_tagged_jobs(bundle: Bundle, tags: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The jobs in the target's workspace that have these tags."""
    for job in ask_workspace(bundle, "jobs", "list") or []:
        if tags.items() <= job["settings"].get("tags", {}).items():
            yield job


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


def find_endpoint_faults(bundle: Bundle) -> Iterator[str]:
    """Endpoints of the bundle that do not answer."""
    ask_endpoint = partial(ask_workspace, bundle, "serving-endpoints", "get")
    for key, endpoint in bundle.config["resources"].get("model_serving_endpoints", {}).items():
        ready = ask_endpoint(endpoint["name"]).get("state", {}).get("ready")
        if ready != "READY":
            yield f"model_serving_endpoints.{key}: it is {ready}: see its events in the workspace"
