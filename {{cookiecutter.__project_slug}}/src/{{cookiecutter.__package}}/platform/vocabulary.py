"""How a table is declared: its columns, keys and rules.

The columns of the raw tables are also the data contracts of the sources (see `ingestion`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pyspark.sql import DataFrame
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from ..settings import RunSettings, Settings
from .windows import Window

TYPES: dict[str, DataType] = {
    "boolean": BooleanType(),
    "date": DateType(),
    "double": DoubleType(),
    "int": IntegerType(),
    "long": LongType(),
    "string": StringType(),
    "timestamp": TimestampType(),
}
# Records may have these too; no source delivers them.
RECORD_TYPES: dict[str, DataType] = {
    "map<string,double>": MapType(StringType(), DoubleType()),
    "array<int>": ArrayType(IntegerType()),
}
DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
# A model takes numbers and categories: code of the feature makes them of other types. Numbers reach
# a model as doubles, since they can be null, and MLflow refuses to make a double of a long.
FEATURE_TYPES = ("double", "int", "string")
# Bookkeeping names its columns with a space in them, so that no declared column has their name.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_type(name: str) -> DataType:
    """Returns Spark's type of that name: one of `TYPES`, or decimal(precision,scale).

    Raises:
        ValueError: There is no such type.
    """
    decimal = DECIMAL.fullmatch(name)
    if decimal:
        return DecimalType(*map(int, decimal.groups()))
    known = TYPES | RECORD_TYPES
    if name not in known:
        raise ValueError(f"type {name} is not one of {', '.join(TYPES)}, decimal(P,S)")
    return known[name]


@dataclass(frozen=True)
class Column:
    """A column and the rules that its values obey.

    Usage: `Column("distance", "double", "miles", required=True, minimum=1)`.

    Attributes:
        type: One of `TYPES`, or decimal(P,S).
        comment: Meaning and unit.
        required: Whether a row without a value is refused.
        minimum, maximum: The inclusive range of the values.
        allowed: The only values that are accepted; empty accepts all.
        forbidden: The reason why no model may use the value, nor anything made of the value;
            empty where a model may.
        personal: How a mirror redacts a value that can identify a person: 'hash' (for a text that
            must still join) or 'drop'; empty for other values. Personal columns are tagged, and a
            model never takes them.
        zone: For a timestamp of a source whose values have no zone: the zone that they are meant
            in, such as America/New_York. Without one, such values are refused. In that zone, clocks
            that change have an hour twice or never: rows of these hours go to quarantine.
        sources: For a feature: the `table.column` of the raw tables that the feature is made of.
        formerly: The name that the column had before; `setup` gives an existing table the new one.
    """

    name: str
    type: str
    comment: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    forbidden: str = ""
    personal: Literal["", "hash", "drop"] = ""
    zone: str = ""
    sources: tuple[str, ...] = ()
    formerly: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"column {self.name!r}: a name has letters, digits and _ alone")
        try:
            parse_type(self.type)
            self.zone and ZoneInfo(self.zone)
        except (ValueError, ZoneInfoNotFoundError) as fault:
            raise ValueError(f"{self.name}: {fault}") from None
        if self.zone and self.type != "timestamp":
            raise ValueError(f"{self.name}: only a timestamp has a zone, not a {self.type}")
        if self.personal == "hash" and self.type != "string":
            raise ValueError(f"{self.name}: only a string can be hashed; drop it instead")


@dataclass(frozen=True)
class Table:
    """A table in one of the schemas that the settings name.

    Usage: `Table("raw", "weather", "Hourly weather.", columns, ("origin",), "observed_at")`.

    Attributes:
        schema: The name of the setting that holds `catalog.schema`.
        keys: The columns that identify a row.
        time: The column by which windows select rows; the time-series key of a feature table.
        owner: For a raw table: the people who answer for the deliveries.
        lookback_days: For a raw table: how many days before its window a run asks the source for
            again, for rows that arrive late. A row that is later still goes to quarantine.
        least_rows: For a raw table: how many rows a day has at least. A day with fewer is not
            finished: later runs ask for that day again.
        greatest_age: For a raw table: how old the last row may be when a run has taken in all.
        stops: Whether a last row that is older stops the run, or is only told.
        feeds: Whether Delta keeps what changes in each version, for those who are fed the changes.
    """

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    time: str
    owner: str = ""
    lookback_days: int = 1
    least_rows: int = 1
    greatest_age: dt.timedelta | None = None
    stops: bool = False
    feeds: bool = False

    def __post_init__(self) -> None:
        names = self.column_names
        unknown = [name for name in (*self.keys, self.time) if name not in names]
        if unknown:
            known = ", ".join(names)
            raise ValueError(f"{self.name}: there is no column {unknown[0]}, only {known}")
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two columns have the same name")
        for column in self.columns:
            if self.is_raw and column.type in RECORD_TYPES:
                told = f"{column.name} is a {column.type}"
                raise ValueError(f"{self.name}: {told}, which no source delivers")

    def full_name(self, settings: RunSettings) -> str:
        """Returns `catalog.schema.table` in the run's target."""
        return f"{getattr(settings, self.schema)}.{self.name}"

    def source_name(self, settings: Settings) -> str:
        """Returns `catalog.schema.table` where a raw table is read, perhaps another target's."""
        return f"{settings.source}.{self.name}"

    @property
    def is_raw(self) -> bool:
        """Whether the rows come from a source, perhaps by way of another catalog."""
        return self.schema == "raw"

    @property
    def column_names(self) -> list[str]:
        """The names of all columns, in order."""
        return [column.name for column in self.columns]

    @property
    def struct(self) -> StructType:
        """The Spark schema with comments; only columns that are not required may be null."""
        return StructType([_to_field(c, c.required or c.name in self.keys) for c in self.columns])

    @property
    def shape(self) -> tuple[object, ...]:
        """All that rows depend on: place, names and types, without comments and rules."""
        columns = tuple((column.name, column.type) for column in self.columns)
        return (self.schema, self.name, columns, self.keys, self.time)


@dataclass(frozen=True, kw_only=True)
class FeatureTable(Table):
    """A feature table, and how its rows are computed.

    Usage: see `use_case/tables.py`.

    A table whose keys leave its time out has one row for each key, which is looked up whatever the
    moment: for facts that never change, such as where a shop stands. A fact that changes would tell
    a model what nobody knew yet.

    Attributes:
        source: The raw table that the rows are computed from.
        lookback: How long before the window the computation needs rows of the source.
        greatest_age: How old a row may be at the moment of prediction; an older one counts as none.
        optional: Whether an example for which there is no row is scored, with nulls. If not, an
            endpoint refuses the example, and inference stores no score.
        compute: Computes the window's rows from the source's rows.
    """

    source: Table
    lookback: dt.timedelta
    optional: bool = False
    compute: Callable[[DataFrame, Window], DataFrame]

    def __post_init__(self) -> None:
        if self.has_time_key:
            told = f"UTC; {self.time} once more, to tell how old a looked-up row is"
            added = Column(self.row_time, "timestamp", told)
            # A copy of a table has the column already.
            own = tuple(column for column in self.columns if column != added)
            object.__setattr__(self, "columns", (*own, added))
        super().__post_init__()
        for column in self.columns:
            if column.name in self.features and column.type not in FEATURE_TYPES:
                raise ValueError(
                    f"{self.name}: the feature {column.name} is a {column.type}, and a model takes"
                    f" {', '.join(FEATURE_TYPES)} alone: compute one of these"
                )
        if self.greatest_age and not self.has_time_key:
            raise ValueError(
                f"{self.name}: greatest_age: {self.greatest_age}, and {self.time} is no key: a row"
                " that is looked up whatever the moment has no age"
            )

    @property
    def has_time_key(self) -> bool:
        """Whether the row is looked up that was the last one known at a moment."""
        return self.time in self.keys

    @property
    def row_time(self) -> str:
        """The column with the time of a row, looked up but not learned from; empty without one.

        The client gives no key of the row that it has found, so the time is there once more.
        """
        return f"{self.name}_at" if self.has_time_key else ""

    @property
    def lookup_keys(self) -> list[str]:
        """The keys by which a model looks features up: all but the time."""
        return [key for key in self.keys if key != self.time]

    @property
    def features(self) -> list[str]:
        """The columns that a model may take: all but keys and times."""
        others = (*self.keys, self.time, self.row_time)
        return [name for name in self.column_names if name not in others]


def pick_columns(table: Table, names: Sequence[str]) -> list[Column]:
    """Picks columns of a table, without the rules that its source keeps."""
    known = {column.name: column for column in table.columns}
    return [Column(name, known[name].type, known[name].comment) for name in names]


def _to_field(column: Column, required: bool) -> StructField:
    about = {"comment": column.comment}
    about |= {"formerly": column.formerly} if column.formerly else {}
    return StructField(column.name, parse_type(column.type), not required, about)
