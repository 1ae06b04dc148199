"""Rolling delays know what had landed by the hour, and nothing else."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame, Row, SparkSession

from {{ cookiecutter.__package }}.features.carrier_delays import compute_carrier_delays
from {{ cookiecutter.__package }}.features.origin_delays import compute_origin_delays
from {{ cookiecutter.__package }}.windows import Window

NOON = dt.datetime(2013, 3, 1, 12, tzinfo=dt.UTC)
WINDOW = Window(NOON - dt.timedelta(hours=2), NOON + dt.timedelta(hours=12))

Outcome = tuple[int, str, str, float]
OUTCOMES: list[Outcome] = [
    # minutes after noon, carrier, origin, arrival delay
    (-30 * 60, "AA", "JFK", 500.0),
    (-65, "AA", "JFK", 20.0),
    (-10, "AA", "JFK", 10.0),
    (0, "UA", "JFK", 60.0),
    (1, "AA", "JFK", 90.0),
    (5, "UA", "EWR", 0.0),
]


def make_outcomes(spark: SparkSession, rows: list[Outcome] | None = None) -> DataFrame:
    return spark.createDataFrame(
        [(NOON + dt.timedelta(minutes=m), c, o, d) for m, c, o, d in rows or OUTCOMES],
        "known_at timestamp, carrier string, origin string, arrival_delay double",
    )


def find_row(rows: list[Row], key: str, value: str, hours: int) -> Row:
    at = (NOON + dt.timedelta(hours=hours)).replace(tzinfo=None)
    (row,) = [r for r in rows if r[key] == value and r.known_at.replace(tzinfo=None) == at]
    return row


def test_a_row_counts_landings_up_to_its_hour_inclusive(spark: SparkSession) -> None:
    rows = compute_origin_delays(make_outcomes(spark), WINDOW).collect()
    noon = find_row(rows, "origin", "JFK", 0)
    assert (noon.origin_landed_3h, noon.origin_mean_delay_3h) == (3, 30)
    assert noon.origin_late_share_3h == 2 / 3
    assert find_row(rows, "origin", "JFK", 1).origin_landed_3h == 4


def test_landings_leave_the_window_after_their_hours(spark: SparkSession) -> None:
    rows = compute_origin_delays(make_outcomes(spark), WINDOW).collect()
    later = find_row(rows, "origin", "JFK", 6)
    assert (later.origin_landed_3h, later.origin_late_share_3h) == (0, None)
    assert later.origin_landed_24h == 4


def test_only_the_windows_hours_are_computed_for_each_entity(spark: SparkSession) -> None:
    rows = compute_carrier_delays(make_outcomes(spark), WINDOW).collect()
    assert len(rows) == 2 * 14
    assert find_row(rows, "carrier", "UA", 1).carrier_landed_3h == 2


def test_later_facts_change_no_earlier_row(spark: SparkSession) -> None:
    everything = compute_origin_delays(make_outcomes(spark), WINDOW).collect()
    known = [row for row in OUTCOMES if row[0] <= 0]
    without_later = compute_origin_delays(make_outcomes(spark, known), WINDOW).collect()
    for row in without_later:
        if row.known_at.replace(tzinfo=None) <= NOON.replace(tzinfo=None):
            assert row in everything
