"""A mirror has no personal value, and joins as the original does."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.mirroring.redaction import redact_rows, sample_rows
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table

from ..toys import KEY as KEYS

KEY = "a key"
SCHEMA = "id string, plate string, weight double"
PARCELS = Table(
    "raw",
    "parcels",
    "Parcels.",
    (
        Column("id", "string", "key"),
        Column("plate", "string", "of the car; registers name its owner", personal="hash"),
        Column("weight", "double", "kilograms"),
        Column("at", "timestamp", "UTC"),
    ),
    ("id",),
    "at",
)


def test_equal_values_have_equal_keyed_hashes_and_nothing_stays_nothing(
    spark: SparkSession,
) -> None:
    rows = spark.createDataFrame([("1", "N1", 1.0), ("2", "N1", 1.0), ("3", None, 1.0)], SCHEMA)
    redacted = redact_rows(rows, PARCELS, KEY).orderBy("id").collect()
    expected = hmac.new(b"a key", b"N1", hashlib.sha256).hexdigest()
    assert [row.plate for row in redacted] == [expected, expected, None]
    assert [row.id for row in redacted] == ["1", "2", "3"]


def test_another_key_gives_other_hashes(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("1", "N1", 1.0)], SCHEMA)
    (one,), (other,) = (redact_rows(rows, PARCELS, key).collect() for key in ("a", "b"))
    assert one.plate != other.plate


def test_a_column_to_drop_is_empty(spark: SparkSession) -> None:
    dropped = Column("weight", "double", "kilograms", personal="drop")
    kept = (column for column in PARCELS.columns if column.name != "weight")
    table = replace(PARCELS, columns=(*kept, dropped))
    rows = spark.createDataFrame([("1", "N1", 1.0)], SCHEMA)
    assert redact_rows(rows, table, KEY).collect()[0].weight is None


def test_a_number_cannot_be_hashed() -> None:
    with pytest.raises(ValueError, match="weight: only a string can be hashed"):
        Column("weight", "double", "kilograms", personal="hash")


def test_a_sample_is_the_same_examples_in_every_table(spark: SparkSession) -> None:
    keys = [f"cast(id as string) {name}" for name in KEYS]
    examples = spark.range(2_000).selectExpr(*keys)
    outcomes = spark.range(500, 2_500).selectExpr(*keys, "1.0 outcome")
    ids = [{r[KEYS[0]] for r in sample_rows(f, 0.25).collect()} for f in (examples, outcomes)]
    both = {str(number) for number in range(500, 2_000)}
    assert ids[0] & both == ids[1] & both
    assert 400 < len(ids[0]) < 600
    assert sample_rows(examples, 1).count() == 2_000


def test_a_table_without_examples_is_kept_whole(spark: SparkSession) -> None:
    others = spark.range(100).withColumnRenamed("id", "temperature")
    assert sample_rows(others, 0.01).count() == 100


def test_a_table_without_personal_values_stays_as_it_is(spark: SparkSession) -> None:
    plain = replace(PARCELS, columns=tuple(c for c in PARCELS.columns if not c.personal))
    rows = spark.createDataFrame([("1", 1.0)], "id string, weight double")
    assert redact_rows(rows, plain, KEY).collect() == rows.collect()
