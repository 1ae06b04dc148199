"""An example is what was known of it before its moment of prediction, and no later."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.examples import describe_examples, label_examples
from {{ cookiecutter.__package }}.platform.problem import LABEL, Problem
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table

from .test_problem import PROBLEM

NOON = dt.datetime(2013, 6, 10, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
VISITS = Table(
    "raw",
    "visits",
    "Visits.",
    (
        Column("id", "string", "key"),
        Column("known_at", "timestamp", "UTC"),
        Column("begins_at", "timestamp", "UTC"),
        Column("price", "double", "EUR"),
        Column("called_off", "boolean", ""),
    ),
    ("id", "known_at"),
    "known_at",
)
# A visit is predicted two hours before it begins.
TOY: Problem = replace(
    PROBLEM,
    examples=VISITS,
    outcomes=None,
    event_time="begins_at",
    find_prediction_time=lambda at: at - F.lit(2 * HOUR),
    find_cancelled=lambda: F.col("called_off"),
    find_label=lambda: F.when(F.col("price") > 5, F.lit(1.0)),
    inputs=(Column("price", "double", "EUR"),),
    lookups=(),
    baselines={},
)


def make_visits(spark: SparkSession, *rows: tuple[float, float, float]) -> DataFrame:
    """Rows of one visit: hours from noon at which it is known and begins, and its price.

    With a negative price, it was called off.
    """
    made = [
        ("a", NOON + known * HOUR, NOON + begins * HOUR, price, price < 0)
        for known, begins, price in rows
    ]
    return spark.createDataFrame(made, VISITS.struct)


def describe(spark: SparkSession, *rows: tuple[float, float, float]) -> list[Row]:
    """Describes a visit as a model sees it at noon."""
    return describe_examples(TOY, make_visits(spark, *rows), NOON).collect()


CHOICES = {
    "the only row": ([(-9, 5, 1)], [1]),
    "the last change": ([(-9, 5, 1), (-3, 6, 2), (-5, 4, 3)], [2]),
    "no change from the cutoff on": ([(-9, 5, 1), (0, 5, 2)], [1]),
    "no change after the prediction": ([(-9, -3, 1), (-4, -3, 2)], [1]),
    "no change at the very moment of prediction": ([(-9, -3, 1), (-5, -3, 2)], [1]),
    "a move after the former moment of prediction": ([(-9, -3, 1), (-4, 7, 2)], [2]),
    "the first row where none was known in time": ([(-2, -3, 1), (-1, -3, 2)], [1]),
    "nothing of what was called off": ([(-9, 5, 1), (-3, 5, -1)], []),
    "what was called off too late": ([(-9, -3, 1), (-3, -3, -1)], [1]),
    "what is on again": ([(-9, 5, 1), (-5, 5, -1), (-3, 5, 2)], [2]),
    "nothing that is not known yet": ([(0, 5, 1)], []),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_model_sees_the_last_row_before_the_prediction(spark: SparkSession, name: str) -> None:
    rows, prices = CHOICES[name]
    assert [row.price for row in describe(spark, *rows)] == prices


def test_features_are_those_known_before_both_the_prediction_and_the_run(
    spark: SparkSession,
) -> None:
    just_before = dt.timedelta(microseconds=1)
    (past,), (coming,) = describe(spark, (-9, -3, 1)), describe(spark, (-9, 5, 1))
    noon = NOON.replace(tzinfo=None)
    assert past.prediction_at == noon - 5 * HOUR
    assert past.looked_up_at == noon - 5 * HOUR - just_before
    assert coming.prediction_at == noon + 3 * HOUR
    assert coming.looked_up_at == noon - just_before


def test_a_label_is_of_the_last_row_that_has_one(spark: SparkSession) -> None:
    visits = make_visits(spark, (-9, -3, 1), (-2, -3, 7), (-1, -3, 2))
    labelled = label_examples(TOY, spark.createDataFrame([("a",)], "id string"), visits, NOON)
    assert [row[LABEL] for row in labelled.collect()] == [1.0]
    early = label_examples(TOY, labelled.select("id"), visits, NOON - 2 * HOUR)
    assert early.isEmpty()
