"""Brings columns of a Spark frame into the types of the contract, or to null."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    FractionalType,
    IntegralType,
    LongType,
    NullType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from ..platform.vocabulary import Column, parse_type
from .conversion import MEANINGS, get_kind

# Names the meaning of each type as pandas does. Spark counts decimals among the fractions, so
# decimals come first.
WORDS: tuple[tuple[type[DataType], str], ...] = (
    (BooleanType, "boolean"),
    (DateType, "date"),
    (DecimalType, "decimal"),
    (FractionalType, "floating"),
    (IntegralType, "integer"),
    (StringType, "string"),
    (TimestampType, "datetime"),
    (TimestampNTZType, "datetime"),
)


def find_fault(column: Column, given: DataType) -> str | None:
    """Finds why a column of a frame is not of the contract's type."""
    if isinstance(given, NullType):
        return None
    words = [word for kind, word in WORDS if isinstance(given, kind)]
    if not words or words[0] not in MEANINGS[get_kind(column)]:
        return f"is {given.simpleString()}, the contract says {column.type}"
    if column.type == "timestamp" and isinstance(given, TimestampNTZType):
        return "has times without a time zone: the source can give them one, to_utc_timestamp"
    return None


def convert(column: Column, given: DataType) -> SparkColumn:
    """Converts a column to the contract's type; a value that would become another becomes null."""
    value, wanted = F.col(column.name), parse_type(column.type)
    if given == wanted:
        return value
    converted = value.try_cast(wanted)
    back = converted.try_cast(_find_exact(given)) == value
    return F.when(back & _is_exact(value, given, wanted), converted)


def _find_exact(given: DataType) -> DataType:
    # A double is compared with whole numbers by its digits, which a long would cut off.
    return DecimalType(20, 0) if isinstance(given, IntegralType) else given


def _is_exact(value: SparkColumn, given: DataType, wanted: DataType) -> SparkColumn:
    # Spark takes the double 2**63, which is no long, for the largest long.
    is_fraction = isinstance(given, FractionalType) and not isinstance(given, DecimalType)
    if is_fraction and isinstance(wanted, LongType):
        return F.abs(value) < float(2**63)
    return F.lit(True)
