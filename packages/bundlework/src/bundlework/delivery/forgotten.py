"""Things of a deployment that its state does not know: the agent was lost, or the state itself.

The next deployment would make the jobs a second time, and fail at schemas and models.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bundlework.bundle.contract import Contract
from bundlework.bundle.loading import Bundle, add_ids
from bundlework.bundle.references import resolve

from .workspace import ask_workspace, find_in_workspace, list_ids, tell_workspace

# In development mode, the CLI tags what a person deploys with the person's name.
PERSONAL = "dev"
# How the CLI asks for a thing of a catalog and deletes it; what lies in a schema comes before it.
CATALOG = {
    "registered_models": (("registered-models", "get"), ("registered-models", "delete")),
    "volumes": (("volumes", "read"), ("volumes", "delete")),
    "schemas": (("schemas", "get"), ("schemas", "delete", "--force")),
}


@dataclass(frozen=True)
class Forgotten:
    """A thing that is there, and that the deployment's state does not know.

    Attributes:
        kind: Of the resource, such as `jobs`.
        id: The job's number, or the full name of another thing.
        name: For people.
        key: Of the bundle's resource that would be made a second time; empty where there is none.
        delete: The command of the CLI that deletes the thing.
    """

    kind: str
    id: str
    name: str
    key: str
    delete: tuple[str, ...]

    def describe(self, target: str) -> str:
        """Says what is there, and the commands that mend it."""
        delete = f"databricks {' '.join(self.delete)} --target {target}"
        if not self.key:
            return f"job {self.id}, {self.name}, is there and no deployment knows it: {delete}"
        bind = f"databricks bundle deployment bind {self.key} {self.id} --auto-approve"
        return (
            f"{self.kind}.{self.key} is there as {self.id}, and the deployment's state does not"
            f" know it: adopt it ({bind} --target {target}), or delete it ({delete})"
        )


def list_forgotten(bundle: Bundle, summary: dict[str, Any]) -> list[Forgotten]:
    """Lists the things that belong to the deployment, and that its state does not know."""
    return [*list_jobs(bundle, summary), *list_in_catalog(bundle, summary)]


def list_doubles(bundle: Bundle, summary: dict[str, Any]) -> list[str]:
    """One line for each thing that a deployment would make a second time."""
    found = [thing for thing in list_forgotten(bundle, summary) if thing.key]
    return [thing.describe(bundle.target) for thing in found]


def delete_doubles(bundle: Bundle, summary: dict[str, Any]) -> None:
    """Deletes what a deployment would make a second time, with its data."""
    for thing in list_forgotten(bundle, summary):
        if thing.key:
            print(f"forgotten by its deployment: {' '.join(thing.delete)}")
            tell_workspace(bundle, *thing.delete)


def list_jobs(bundle: Bundle, summary: dict[str, Any]) -> Iterator[Forgotten]:
    """Jobs with the deployment's tags."""
    known = list_ids(summary, "jobs").values()
    declared = summary.get("resources", {}).get("jobs", {})
    unknown = {job.get("name"): key for key, job in declared.items() if not job.get("id")}
    tags = read_tags(bundle.contract, summary)
    for job in list_tagged_jobs(bundle, tags) if tags else ():
        number, name = str(job["job_id"]), job["settings"]["name"]
        if number not in known:
            delete = ("jobs", "delete", number)
            yield Forgotten("jobs", number, name, unknown.get(name, ""), delete)


def list_in_catalog(bundle: Bundle, summary: dict[str, Any]) -> Iterator[Forgotten]:
    """Models, volumes and schemas of the bundle."""
    config = copy.deepcopy(summary)
    add_ids(config)
    named = resolve(config, bundle.places, ("resources",)).get("resources", {})
    for kind, (ask, delete) in CATALOG.items():
        for key in sorted(named.get(kind, {}).keys() - list_ids(summary, kind).keys()):
            name = named[kind][key]["id"]
            if find_in_workspace(bundle, *ask, name):
                yield Forgotten(kind, name, name, key, (*delete, name))


def read_tags(contract: Contract, config: dict[str, Any]) -> dict[str, str]:
    """The tags that together tell the jobs of a deployment from all others."""
    tags = config.get("presets", {}).get("tags", {})
    identity = (*contract.need("every_job.identity"), PERSONAL)
    return {name: str(tags[name]) for name in identity if name in tags}


def list_tagged_jobs(bundle: Bundle, tags: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The jobs in the target's workspace that have these tags."""
    for job in ask_workspace(bundle, "jobs", "list") or []:
        if tags.items() <= job["settings"].get("tags", {}).items():
            yield job
