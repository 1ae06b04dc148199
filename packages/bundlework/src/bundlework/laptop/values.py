"""Dynamic values such as `{{job.run_id}}`, filled in when a task starts."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from bundlework.bundle.loading import Bundle
from bundlework.bundle.parameters import DYNAMIC

from .runs import JobRun


def describe_run(bundle: Bundle, run: JobRun) -> dict[str, str]:
    """The dynamic values that are the same for all tasks of a run."""
    start = dt.datetime.fromtimestamp(run.started, dt.UTC)
    known = {
        "job.id": str(bundle.jobs[run.job]["id"]),
        "job.name": bundle.jobs[run.job]["name"],
        "job.run_id": str(run.id),
        "job.repair_count": str(run.repairs),
        "job.trigger.type": "one_time",
        "job.start_time.iso_date": start.date().isoformat(),
        "job.start_time.iso_datetime": start.isoformat(),
        "job.start_time.timestamp_ms": str(int(run.started * 1000)),
        "workspace.id": "0",
        "workspace.url": str(bundle.config["workspace"]["host"]),
    }
    for unit in ("year", "month", "day", "hour", "minute", "second"):
        known[f"job.start_time.{unit}"] = str(getattr(start, unit))
    filled = {name: fill_values(value, known) for name, value in run.parameters.items()}
    return known | {f"job.parameters.{name}": value for name, value in filled.items()}


def fill_values(value: Any, known: Mapping[str, str]) -> Any:
    """`value` with every `{{...}}` replaced.

    Raises:
        LookupError: A task value was never set.
    """
    if isinstance(value, dict):
        return {k: fill_values(v, known) for k, v in value.items()}
    if isinstance(value, list):
        return [fill_values(v, known) for v in value]
    return (
        DYNAMIC.sub(lambda found: _find(found, known), value) if isinstance(value, str) else value
    )


def _find(found: re.Match[str], known: Mapping[str, str]) -> str:
    if found.group(1) not in known:
        raise LookupError(f"{found.group(0)} was not set by the task it names")
    return known[found.group(1)]


def check_operands(condition: Mapping[str, Any], values: Mapping[str, object]) -> None:
    """Checks the task values, by reference, that a condition compares.

    Raises:
        ValueError: One is a list, a map or nothing.
    """
    for name in DYNAMIC.findall(f"{condition.get('left')} {condition.get('right')}"):
        if not isinstance(values.get(name, ""), str | int | float):
            raise ValueError(
                f"{{{{{name}}}}} is no text, number or boolean: let the task leave one to compare"
            )


def read_inputs(inputs: Any) -> list[Any]:
    """Reads the inputs that a task is repeated for: a list, or the JSON of one.

    Raises:
        ValueError: The inputs are something else.
    """
    try:
        found = inputs if isinstance(inputs, list) else json.loads(str(inputs))
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise ValueError(f"inputs is {inputs!r}: write a list, or the JSON of one")
    return found


def describe_input(value: Any) -> dict[str, str]:
    """`{{input}}`, and `{{input.NAME}}` for each field of one that is a mapping."""
    fields = value if isinstance(value, dict) else {}
    named = {"input": value, **{f"input.{name}": field for name, field in fields.items()}}
    return {name: v if isinstance(v, str) else json.dumps(v) for name, v in named.items()}
