"""A prediction tells how old its features were, and why there is no score."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.inference.scoring import find_reason, measure_age
from {{ cookiecutter.__package }}.platform.problem import LOOKUP_TIME
from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toys import EXAMPLES, inject

NOON = dt.datetime(2013, 6, 1, 12, tzinfo=dt.UTC)
COUNTED, LISTED = (
    FeatureTable(
        "features",
        name,
        "Toys of a maker.",
        (Column("maker", "string", ""), Column("at", "timestamp", ""), Column(name, "int", "")),
        ("maker", "at"),
        "at",
        source=EXAMPLES,
        lookback=dt.timedelta(0),
        compute=lambda rows, _: rows,
    )
    for name in ("counted", "listed")
)
TOY = dataclasses.replace(
    PROBLEM,
    inputs=(
        Column("maker", "string", "", required=True, allowed=("a", "b"), sources=("toys.maker",)),
        Column("size", "double", "", minimum=0, maximum=9, sources=("toys.size",)),
    ),
    lookups=(COUNTED, LISTED),
    baselines={},
)


@pytest.mark.parametrize(
    ("counted", "listed", "age"), [(1, 30, 30.0), (30, None, 30.0), (None, None, None)]
)
def test_the_age_is_that_of_the_oldest_row(
    spark: SparkSession, counted: int | None, listed: int | None, age: float | None
) -> None:
    ages = {COUNTED.row_time: counted, LISTED.row_time: listed}
    at = {n: hours and NOON - dt.timedelta(hours=hours) for n, hours in ages.items()}
    schema = ", ".join(f"{name} timestamp" for name in (LOOKUP_TIME, *at))
    rows = spark.createDataFrame([(NOON, *at.values())], schema)
    with inject(TOY):
        (row,) = rows.select(measure_age(rows.columns).alias("age")).collect()
        # A version of before the times were looked up has none.
        (none,) = rows.select(measure_age([LOOKUP_TIME]).alias("age")).collect()
    assert (row.age, none.age) == (age, None)


def test_a_row_tells_each_rule_that_its_inputs_break(spark: SparkSession) -> None:
    rows = [("a", 1.0), ("b", None), (None, 1.0), ("c", 10.0), ("a", float("nan")), ("a", -1.0)]
    frame = spark.createDataFrame(rows, "maker string, size double")
    with inject(TOY):
        found = frame.select(find_reason(("maker", "size")).alias("why")).collect()
        (other,) = frame.limit(1).select(find_reason(("other",)).alias("why")).collect()
    assert [row.why for row in found] == [
        None,
        None,
        "maker: null",
        "maker: not an allowed value; size: above 9",
        "size: not a finite number; size: above 9",
        "size: below 0",
    ]
    assert other.why is None


def test_a_feature_keeps_its_rules_too(spark: SparkSession) -> None:
    (maker, at, counted, time) = COUNTED.columns
    strict = dataclasses.replace(counted, minimum=1)
    table = dataclasses.replace(COUNTED, columns=(maker, at, strict, time))
    frame = spark.range(1).select(F.lit(0).alias("counted"))
    with inject(dataclasses.replace(TOY, lookups=(table,))):
        (row,) = frame.select(find_reason(("counted",)).alias("why")).collect()
    assert row.why == "counted: below 1"
