"""Rows that become a frame keep their values and the schema, also where all are null."""

from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    DateType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from {{ cookiecutter.__package }}.platform.delta import RowError, check_row, make_frame

STRUCT = StructType(
    [
        StructField("number", IntegerType(), nullable=False),
        StructField("day", DateType()),
        StructField("at", TimestampType()),
        StructField("value", DoubleType()),
        StructField("note", StringType()),
    ]
)
NOON = dt.datetime(2013, 6, 1, 12, tzinfo=dt.UTC)
ROWS = [{"number": 1, "day": NOON.date(), "at": NOON, "value": 1}, {"number": 2, "value": 0.5}]


def test_values_and_types_are_those_given(spark: SparkSession) -> None:
    frame = make_frame(spark, ROWS, STRUCT)
    assert frame.schema == STRUCT
    first, second = frame.orderBy("number").collect()
    assert (first.number, first.day, first.value, first.note) == (1, NOON.date(), 1.0, None)
    assert first["at"].astimezone(dt.UTC) == NOON
    assert tuple(second) == (2, None, None, 0.5, None)


def test_a_name_that_is_not_a_column_is_refused() -> None:
    with pytest.raises(RowError, match="not a column: values; there are number, day"):
        check_row({"number": 1, "values": 0.5}, STRUCT)


@pytest.mark.parametrize("row", [{"value": 0.5}, {"number": None, "value": 0.5}])
def test_a_row_without_a_required_value_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(RowError, match="required, but without a value: number"):
        check_row(row, STRUCT)


def test_no_rows_make_an_empty_frame(spark: SparkSession) -> None:
    frame = make_frame(spark, [], STRUCT)
    assert frame.schema == STRUCT
    assert frame.isEmpty()
