"""A deployment's plan, as `databricks bundle plan -o json` tells it, kept for review."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bundle_difference import shorten, walk

# Kinds that hold what no deployment can bring back.
HOLD_DATA = ("schemas", "volumes", "registered_models", "catalogs", "experiments")
NOTHING = ("skip", "")
LOSING = ("delete", "recreate")
# Of a new resource on the page, in letters.
LONGEST_DEFINITION = 4000


@dataclass(frozen=True)
class Field:
    """A field of a resource, as JSON before and after the deployment."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {shorten(self.before)} → {shorten(self.after)}"


@dataclass(frozen=True)
class Change:
    """The change that a deployment would make to a resource, such as `update` to `jobs.training`.

    Attributes:
        fields: The fields of an existing resource that would change.
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


def save_plan(text: str, target: str, folder: Path) -> Path:
    """Keeps a plan for review and for the deployment that follows it.

    Returns:
        The page that a person reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(text, encoding="utf-8")
    page = folder / "plan.md"
    changes = read_plan(text)
    lines = [f"# What a deployment to {target} would do", "", *describe_plan(changes)]
    page.write_text("\n".join([*lines, *describe_new(changes)]) + "\n", encoding="utf-8")
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


def describe_new(changes: list[Change]) -> Iterator[str]:
    """A block to unfold for each new resource: its fields, permissions or grants."""
    for change in changes:
        if change.definition:
            shown = json.dumps(json.loads(change.definition), indent=2, ensure_ascii=False)
            yield f"\n<details><summary>{change.action} {change.resource}</summary>\n"
            yield f"```json\n{shorten(shown, LONGEST_DEFINITION)}\n```\n</details>"


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
        f"{k}: reviewed was {_describe(before.get(k))}, planned is {_describe(now.get(k))}"
        f"{_compare_definitions(before.get(k), now.get(k))}: have a new plan reviewed"
        for k in differing
    ]


def _compare_definitions(reviewed: Change | None, planned: Change | None) -> str:
    if not (reviewed and planned and reviewed.definition and planned.definition):
        return ""
    before, now = (dict(walk(json.loads(c.definition))) for c in (reviewed, planned))
    fields = [
        Field(".".join(path), _to_json(before.get(path)), _to_json(now.get(path)))
        for path in sorted({*before, *now})
        if before.get(path) != now.get(path)
    ]
    return f" with {', '.join(map(str, fields))}" if fields else ""


def _describe(change: Change | None) -> str:
    if change is None:
        return "nothing"
    fields = ", ".join(map(str, change.fields))
    return f"{change.action} ({fields})" if fields else change.action
