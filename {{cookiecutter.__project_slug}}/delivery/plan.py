"""A deployment's plan, as `databricks bundle plan -o json` tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

# Kinds that hold what no deployment can bring back.
HOLD_DATA = ("schemas", "volumes", "registered_models", "catalogs", "experiments")
NOTHING = ("skip", "")
LOSING = ("delete", "recreate")


@dataclass(frozen=True)
class Change:
    """What a deployment would do with a resource, such as `update` with `jobs.training`."""

    action: str
    resource: str

    @property
    def loses_data(self) -> bool:
        """Whether tables, models or files would be gone."""
        kind, _, rest = self.resource.partition(".")
        return self.action in LOSING and kind in HOLD_DATA and "." not in rest


def read_plan(text: str) -> list[Change]:
    """The changes of a plan, in the order of its resources."""
    planned = json.loads(text).get("plan", {})
    changes = [
        Change(p.get("action", ""), k.removeprefix("resources.")) for k, p in planned.items()
    ]
    return sorted((c for c in changes if c.action not in NOTHING), key=lambda c: c.resource)


def describe_plan(changes: list[Change]) -> Iterator[str]:
    """The plan as a Markdown table."""
    yield "| Action | Resource |"
    yield "|---|---|"
    for change in changes:
        yield f"| {change.action} | `{change.resource}` |"
    if not changes:
        yield "| none | the workspace is as the bundle says |"


def find_losses(changes: list[Change]) -> list[str]:
    """One line for each resource whose data the deployment would delete."""
    advice = "keep its block in resources/, or delete it by hand first"
    return [
        f"{c.action} of {c.resource} would delete data: {advice}" for c in changes if c.loses_data
    ]
