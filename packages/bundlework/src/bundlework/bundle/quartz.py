"""Cron expressions as Quartz reads them: six or seven fields, seconds first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY = "|".join(("[1-7]", *DAYS))


@dataclass(frozen=True)
class Field:
    """A field: its bounds, the names of its values from the lowest on, and special forms."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    special: str = ""


FIELDS = (
    Field("seconds", 0, 59),
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day of month", 1, 31, special=r"\?|L|LW|L-\d+|\d+W"),
    Field("month", 1, 12, MONTHS),
    Field("day of week", 1, 7, DAYS, special=rf"\?|L|({DAY})L|({DAY})#[1-5]"),
    Field("year", 1970, 2099),
)


def find_cron_faults(expression: str) -> Iterator[str]:
    """Finds the faults for which Quartz would refuse an expression.

    Source: the tutorial of Quartz 2.3 on CronTrigger.
    """
    parts = expression.upper().split()
    if len(parts) not in (6, 7):
        yield f"{expression!r} has {len(parts)} fields: write second minute hour day month weekday"
        return
    for field, part in zip(FIELDS, parts, strict=False):
        if not all(_is_valid(field, item) for item in part.split(",")):
            yield f"{expression!r}: {part} is no {field.name}: write {_describe(field)}"
    if (parts[3] == "?") == (parts[5] == "?"):
        fault = "exactly one of day of month and day of week is ?: write ? for the other"
        yield f"{expression!r}: {fault}"


def _describe(field: Field) -> str:
    named = f", {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"{field.lowest} to {field.highest}{named}, or * for all"


def _is_valid(field: Field, item: str) -> bool:
    if field.special and re.fullmatch(field.special, item):
        return True
    base, slash, step = item.partition("/")
    if slash and not (step.isdigit() and 1 <= int(step) <= field.highest):
        return False
    ends = [field.lowest] if base == "*" else [_read(field, end) for end in base.split("-", 1)]
    return all(end is not None and field.lowest <= end <= field.highest for end in ends)


def _read(field: Field, text: str) -> int | None:
    if text in field.names:
        return field.lowest + field.names.index(text)
    return int(text) if text.isdigit() else None
