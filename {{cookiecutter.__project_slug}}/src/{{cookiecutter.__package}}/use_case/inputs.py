"""The columns that a model takes, and the raw columns that each of them is made of."""

from __future__ import annotations

from .problem import CATEGORIES, EVENT_TIME, SCHEDULE
from .tables import FEATURE_TABLES

MODEL_INPUTS = (*SCHEDULE, *(name for table in FEATURE_TABLES for name in table.features))

for _table in FEATURE_TABLES:
    for _column in _table.columns:
        if _column.type == "string" and _column.name not in (*_table.keys, *CATEGORIES):
            raise ValueError(f"{_table.name}: the text {_column.name} is not one of CATEGORIES")

# These inputs of the timetable are made of another column; features declare theirs in the tables.
_TIMETABLE_SOURCES = {
    "local_hour": (EVENT_TIME,),
    "local_minute": (EVENT_TIME,),
    "weekday": (EVENT_TIME,),
}


def list_input_sources() -> dict[str, tuple[str, ...]]:
    """Lists the `table.column` of the raw tables that each declared input is made of."""
    sources = {
        name: tuple(f"flights.{column}" for column in _TIMETABLE_SOURCES.get(name, (name,)))
        for name in SCHEDULE
    }
    features = (column for table in FEATURE_TABLES for column in table.columns)
    return sources | {c.name: c.sources for c in features if c.sources}
