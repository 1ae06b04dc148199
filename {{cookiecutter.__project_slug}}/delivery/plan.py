"""A deployment's plan, as `databricks bundle plan -o json` tells it, kept for review."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Kinds that hold what no deployment can bring back.
HOLD_DATA = ("schemas", "volumes", "registered_models", "catalogs", "experiments")
NOTHING = ("skip", "")
LOSING = ("delete", "recreate")
LONGEST = 60


@dataclass(frozen=True)
class Field:
    """What a resource's field is, and what it would become; both as JSON."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {_shorten(self.before)} → {_shorten(self.after)}"


@dataclass(frozen=True)
class Change:
    """What a deployment would do with a resource, such as `update` with `jobs.training`.

    Attributes:
        fields: What would change in a resource that is there.
        definition: A new resource, as JSON.
    """

    action: str
    resource: str
    fields: tuple[Field, ...] = ()
    definition: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether tables, models or files would be gone."""
        kind, _, rest = self.resource.partition(".")
        return self.action in LOSING and kind in HOLD_DATA and "." not in rest


def read_plan(text: str) -> list[Change]:
    """The changes of a plan, in the order of its resources.

    Serial numbers and what stays as it is are left out: equal plans are equal lists.
    """
    planned = json.loads(text).get("plan", {})
    changes = [_read_change(k.removeprefix("resources."), p) for k, p in planned.items()]
    return sorted((c for c in changes if c.action not in NOTHING), key=lambda c: c.resource)


def _read_change(resource: str, planned: dict[str, Any]) -> Change:
    changed = planned.get("changes") or {}
    fields = [
        Field(name, _to_json(of.get("remote", of.get("old"))), _to_json(of.get("new")))
        for name, of in sorted(changed.items())
        if of.get("action") not in NOTHING
    ]
    new = planned.get("new_state", {}).get("value") if not changed else None
    return Change(planned.get("action", ""), resource, tuple(fields), _to_json(new))


def _to_json(value: object) -> str:
    return "" if value is None else json.dumps(value, sort_keys=True)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def save_plan(text: str, target: str, folder: Path) -> Path:
    """Keeps a plan for review and for the deployment that follows it.

    Returns:
        The page that a person reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(text, encoding="utf-8")
    page = folder / "plan.md"
    lines = [f"# What a deployment to {target} would do", "", *describe_plan(read_plan(text))]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return page


def describe_plan(changes: list[Change]) -> Iterator[str]:
    """The plan as a Markdown table."""
    yield "| Action | Resource | What changes |"
    yield "|---|---|---|"
    for change in changes:
        fields = "<br>".join(f"`{field}`" for field in change.fields).replace("|", "\\|")
        yield f"| {change.action} | `{change.resource}` | {fields} |"
    if not changes:
        yield "| none | the workspace is as the bundle says | |"


def find_losses(changes: list[Change]) -> list[str]:
    """One line for each resource whose data the deployment would delete."""
    advice = "keep its block in resources/, or delete it by hand first"
    return [
        f"{c.action} of {c.resource} would delete data: {advice}" for c in changes if c.loses_data
    ]


def find_differences(reviewed: list[Change], planned: list[Change]) -> list[str]:
    """One line for each resource that a plan now treats otherwise than the reviewed one did."""
    before, now = ({c.resource: c for c in changes} for changes in (reviewed, planned))
    differing = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
    return [
        f"{k}: reviewed was {_describe(before.get(k))}, planned is {_describe(now.get(k))}:"
        " have a new plan reviewed"
        for k in differing
    ]


def _describe(change: Change | None) -> str:
    if change is None:
        return "nothing"
    fields = ", ".join(map(str, change.fields))
    return f"{change.action} ({fields})" if fields else change.action
