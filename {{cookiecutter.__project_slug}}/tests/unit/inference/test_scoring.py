"""A prediction tells how old its features were."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.scoring import measure_age
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
MADE = dataclasses.replace(EXAMPLES, columns=(*EXAMPLES.columns, Column("maker", "string", "")))
TOY = dataclasses.replace(
    PROBLEM,
    examples=MADE,
    outcomes=None,
    inputs=(),
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
