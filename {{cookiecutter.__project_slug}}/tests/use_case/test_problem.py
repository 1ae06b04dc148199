"""Labels come from outcomes known in time, and from nothing else."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.examples import describe_examples, label_examples
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM, name_day

LAST_EVENING = pd.DataFrame({"scheduled_departure": ["2013-07-01T03:59Z", "2013-07-01T04:01Z"]})
CUTOFF = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)


def make_outcomes(spark: SparkSession, *rows: tuple[str, int, float]) -> DataFrame:
    known = [(key, CUTOFF + dt.timedelta(hours=hours), delay) for key, hours, delay in rows]
    return spark.createDataFrame(
        known, "flight_id string, known_at timestamp, arrival_delay double"
    )


def test_a_day_is_the_airports_own() -> None:
    days = name_day(LAST_EVENING)
    assert list(days) == [dt.date(2013, 6, 30), dt.date(2013, 7, 1)]


def test_late_is_more_than_fifteen_minutes(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("a",), ("b",)], "flight_id string")
    outcomes = make_outcomes(spark, ("a", -1, 15.0), ("b", -1, 16.0))
    labelled = label_examples(PROBLEM, flights, outcomes, CUTOFF).orderBy("flight_id")
    assert [row.label for row in labelled.collect()] == [0.0, 1.0]


def test_an_outcome_of_later_gives_no_label(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("a",), ("b",)], "flight_id string")
    outcomes = make_outcomes(spark, ("a", 0, 60.0), ("b", 5, 60.0))
    assert label_examples(PROBLEM, flights, outcomes, CUTOFF).isEmpty()


def test_the_last_correction_known_in_time_counts(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("a",)], "flight_id string")
    outcomes = make_outcomes(spark, ("a", -9, 60.0), ("a", -2, 5.0), ("a", 1, 90.0))
    assert [row.label for row in label_examples(PROBLEM, flights, outcomes, CUTOFF).collect()] == [
        0.0
    ]


def test_times_are_local_to_new_york_and_prediction_is_at_the_start_of_the_day_in_utc(
    spark: SparkSession,
) -> None:
    published = dt.datetime(2013, 6, 25, 1, 30, tzinfo=dt.UTC)
    departure = dt.datetime(2013, 7, 2, 1, 30, tzinfo=dt.UTC)
    flights = spark.createDataFrame(
        [("a", published, departure, "AA", "JFK", "BOS", 187.0, False)],
        "flight_id string, known_at timestamp, scheduled_departure timestamp, carrier string,"
        " origin string, destination string, distance double, cancelled boolean",
    )
    (row,) = describe_examples(PROBLEM, flights, CUTOFF).collect()
    assert row.prediction_at == dt.datetime(2013, 7, 2)
    times = pd.DataFrame({"scheduled_departure": [pd.Timestamp(departure)]})
    (described,) = PROBLEM.describe(times).itertuples()
    assert (described.local_hour, described.local_minute, described.weekday) == (21, 30, 2)
    cancelled = flights.withColumns({"known_at": F.lit(CUTOFF), "cancelled": F.lit(True)})
    both = flights.union(cancelled)
    assert describe_examples(PROBLEM, both, CUTOFF).count() == 1
    assert describe_examples(PROBLEM, both, CUTOFF + dt.timedelta(hours=1)).isEmpty()
