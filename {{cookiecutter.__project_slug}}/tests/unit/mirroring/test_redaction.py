"""A mirror has no personal value, and joins as the original does."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.mirroring.redaction import redact_rows, sample_rows
from {{ cookiecutter.__package }}.platform.vocabulary import Column
from {{ cookiecutter.__package }}.use_case.tables import FLIGHTS, WEATHER

KEY = "a key"
SCHEMA = "flight_id string, tail_number string, distance double"


def test_equal_values_have_equal_keyed_hashes_and_nothing_stays_nothing(
    spark: SparkSession,
) -> None:
    rows = spark.createDataFrame([("1", "N1", 1.0), ("2", "N1", 1.0), ("3", None, 1.0)], SCHEMA)
    redacted = redact_rows(rows, FLIGHTS, KEY).orderBy("flight_id").collect()
    expected = hmac.new(b"a key", b"N1", hashlib.sha256).hexdigest()
    assert [row.tail_number for row in redacted] == [expected, expected, None]
    assert [row.flight_id for row in redacted] == ["1", "2", "3"]


def test_another_key_gives_other_hashes(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("1", "N1", 1.0)], SCHEMA)
    (one,), (other,) = (redact_rows(rows, FLIGHTS, key).collect() for key in ("a", "b"))
    assert one.tail_number != other.tail_number


def test_a_column_to_drop_is_empty(spark: SparkSession) -> None:
    dropped = Column("distance", "double", "miles", personal="drop")
    kept = (column for column in FLIGHTS.columns if column.name != "distance")
    table = replace(FLIGHTS, columns=(*kept, dropped))
    rows = spark.createDataFrame([("1", "N1", 1.0)], SCHEMA)
    assert redact_rows(rows, table, KEY).collect()[0].distance is None


def test_a_number_cannot_be_hashed() -> None:
    with pytest.raises(ValueError, match="distance: only a string can be hashed"):
        Column("distance", "double", "miles", personal="hash")


def test_a_sample_is_the_same_flights_in_every_table(spark: SparkSession) -> None:
    flights = spark.range(2_000).selectExpr("cast(id as string) flight_id")
    outcomes = spark.range(500, 2_500).selectExpr("cast(id as string) flight_id", "1.0 delay")
    ids = [{r.flight_id for r in sample_rows(f, 0.25).collect()} for f in (flights, outcomes)]
    both = {str(number) for number in range(500, 2_000)}
    assert ids[0] & both == ids[1] & both
    assert 400 < len(ids[0]) < 600
    assert sample_rows(flights, 1).count() == 2_000


def test_a_table_without_flights_is_kept_whole(spark: SparkSession) -> None:
    weather = spark.range(100).withColumnRenamed("id", "temperature")
    assert sample_rows(weather, 0.01).count() == 100


def test_a_table_without_personal_values_stays_as_it_is(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("JFK", 1.0)], "origin string, temperature double")
    assert redact_rows(rows, WEATHER, KEY).collect() == rows.collect()
