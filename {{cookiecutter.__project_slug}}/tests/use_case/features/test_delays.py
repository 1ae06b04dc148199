"""Rolling delays know what had landed by the hour, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.use_case.features.carrier_delays import compute_carrier_delays
from {{ cookiecutter.__package }}.use_case.features.origin_delays import compute_origin_delays

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
    """Outcomes of flights that are numbered in the order of `rows`."""
    return report(spark, [(f"{number}", *row) for number, row in enumerate(rows or OUTCOMES)])


def report(spark: SparkSession, rows: list[tuple[str, int, str, str, float]]) -> DataFrame:
    return spark.createDataFrame(
        [(flight, NOON + dt.timedelta(minutes=m), c, o, d) for flight, m, c, o, d in rows],
        "flight_id string, known_at timestamp, carrier string, origin string, arrival_delay double",
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


def test_only_the_windows_hours_are_computed_from_an_entitys_first_fact_on(
    spark: SparkSession,
) -> None:
    rows = compute_carrier_delays(make_outcomes(spark), WINDOW).collect()
    hours = {c: sorted(r.known_at for r in rows if r.carrier == c) for c in ("AA", "UA")}
    assert [len(found) for found in hours.values()] == [13, 12]
    assert hours["UA"][0].replace(tzinfo=None) == NOON.replace(tzinfo=None)
    assert find_row(rows, "carrier", "UA", 1).carrier_landed_3h == 2


DAY = 24 * 60


def test_a_correction_is_no_further_landing_however_far_back_the_rows_go(
    spark: SparkSession,
) -> None:
    reports = [
        ("a", -20 * DAY, "AA", "JFK", 60.0),
        # Of another time: nobody corrects a report for so long.
        ("a", -12 * DAY, "AA", "JFK", 60.0),
        ("a", -6 * DAY, "AA", "JFK", 60.0),
        ("a", -10, "AA", "JFK", 70.0),
        ("b", -20, "AA", "JFK", 20.0),
        ("b", -10, "AA", "JFK", 30.0),
    ]
    for known in (reports, reports[2:]):
        rows = compute_origin_delays(report(spark, known), WINDOW).collect()
        noon = find_row(rows, "origin", "JFK", 0)
        assert (noon.origin_landed_3h, noon.origin_mean_delay_3h) == (1, 20)


@pytest.mark.parametrize("compute", [compute_carrier_delays, compute_origin_delays])
@pytest.mark.parametrize("change", ["deleted", "changed"])
def test_later_facts_add_remove_and_change_no_earlier_row(
    spark: SparkSession, compute: Callable[[DataFrame, Window], DataFrame], change: str
) -> None:
    known = [row for row in OUTCOMES if row[0] <= 0]
    later = [(m, "ZZ", "LGA", -d) for m, _, _, d in OUTCOMES if m > 0]
    other = known if change == "deleted" else known + later
    frames = [compute(make_outcomes(spark, rows), WINDOW) for rows in (OUTCOMES, other)]
    until_noon = [f.where(F.col("known_at") <= F.lit(NOON)).collect() for f in frames]
    assert until_noon[0]
    assert sorted(until_noon[0]) == sorted(until_noon[1])


def test_rows_do_not_depend_on_how_windows_are_cut(spark: SparkSession) -> None:
    middle = NOON + dt.timedelta(hours=3)
    whole = compute_carrier_delays(make_outcomes(spark), WINDOW).collect()
    parts = [Window(WINDOW.start, middle), Window(middle, WINDOW.end)]
    halves = [compute_carrier_delays(make_outcomes(spark), part).collect() for part in parts]
    assert sorted(halves[0] + halves[1]) == sorted(whole)
