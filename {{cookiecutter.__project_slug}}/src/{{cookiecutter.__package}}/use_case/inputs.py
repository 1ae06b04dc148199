"""What a model takes, and which raw columns each input is made of."""

from __future__ import annotations

from ..platform.vocabulary import Table
from .problem import EVENT_TIME, SCHEDULE
from .tables import FEATURE_TABLES

# The raw columns that each input of the timetable is made of; features declare theirs as tables.
_TIMETABLE_SOURCES = {
    "local_hour": (EVENT_TIME,),
    "local_minute": (EVENT_TIME,),
    "weekday": (EVENT_TIME,),
}


def list_input_sources() -> dict[str, tuple[str, ...]]:
    """The `table.column` of the raw tables that each declared input of a model is made of."""
    sources = {
        name: tuple(f"flights.{column}" for column in _TIMETABLE_SOURCES.get(name, (name,)))
        for name in SCHEDULE
    }
    features = (column for table in FEATURE_TABLES for column in table.columns)
    return sources | {c.name: c.sources for c in features if c.sources}


def list_features(table: Table) -> list[str]:
    """The columns of a feature table that are features: all but its keys."""
    return [column.name for column in table.columns if column.name not in table.keys]


MODEL_INPUTS = (*SCHEDULE, *(f for table in FEATURE_TABLES for f in list_features(table)))
