"""Rows that become a frame keep their values and the schema, also where all are null."""

from __future__ import annotations

import datetime as dt

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

from {{ cookiecutter.__package }}.platform.delta import make_frame

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
ROWS = [(1, NOON.date(), NOON, 1, None), (2, None, None, 0.5, None)]


def test_values_and_types_are_those_given(spark: SparkSession) -> None:
    frame = make_frame(spark, ROWS, STRUCT)
    assert frame.schema == STRUCT
    first, second = frame.orderBy("number").collect()
    assert (first.number, first.day, first.value, first.note) == (1, NOON.date(), 1.0, None)
    assert first["at"].astimezone(dt.UTC) == NOON
    assert tuple(second) == ROWS[1]


def test_no_rows_make_an_empty_frame(spark: SparkSession) -> None:
    frame = make_frame(spark, [], STRUCT)
    assert frame.schema == STRUCT
    assert frame.isEmpty()
