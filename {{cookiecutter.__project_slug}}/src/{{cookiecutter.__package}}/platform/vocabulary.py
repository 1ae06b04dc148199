"""How a table is declared: its columns, keys and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from ..settings import RunSettings, Settings

TYPES: dict[str, DataType] = {
    "boolean": BooleanType(),
    "date": DateType(),
    "double": DoubleType(),
    "int": IntegerType(),
    "long": LongType(),
    "string": StringType(),
    "timestamp": TimestampType(),
}


@dataclass(frozen=True)
class Column:
    """A column and the rules its values obey.

    Attributes:
        type: One of `TYPES`.
        comment: Meaning and unit.
        required: Null is refused.
        minimum, maximum: Inclusive range.
        allowed: The only values accepted, when not empty.
        forbidden: Why no model may use the value or anything made of it; empty where one may.
        personal: How a value that can identify a person is redacted in a mirror, 'hash' (a text
            that must still join) or 'drop'; empty for other values. Personal columns are tagged,
            and never a model input.
        sources: Of a feature: the `table.column` of the raw tables that it is made of.
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
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.personal == "hash" and self.type != "string":
            raise ValueError(f"{self.name}: only a string can be hashed; drop it instead")


@dataclass(frozen=True)
class Table:
    """A table of one of the settings' schemas.

    Attributes:
        schema: The name of the setting that holds `catalog.schema`.
        keys: Columns that identify a row.
        time: Column that windows are cut by; the time-series key of a feature table.
        owner: Of a raw table: who answers for what is delivered.
    """

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    time: str
    owner: str = ""

    def full_name(self, settings: RunSettings) -> str:
        """`catalog.schema.table` in the run's target."""
        return f"{getattr(settings, self.schema)}.{self.name}"

    def source_name(self, settings: Settings) -> str:
        """`catalog.schema.table` where a raw table is read, perhaps another target's."""
        return f"{settings.source}.{self.name}"

    @property
    def struct(self) -> StructType:
        """The Spark schema, comments included; keys and required columns are not nullable."""
        return StructType([_to_field(c, c.required or c.name in self.keys) for c in self.columns])


def _to_field(column: Column, required: bool) -> StructField:
    return StructField(column.name, TYPES[column.type], not required, {"comment": column.comment})
