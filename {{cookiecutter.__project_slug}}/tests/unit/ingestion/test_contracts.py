"""Rows that break their contract are found with a reason, and none is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.ingestion import contracts
from {{ cookiecutter.__package }}.ingestion.contracts import (
    REASONS,
    ContractError,
    check_delivery,
    judge_rows,
    load_delivery,
)
from {{ cookiecutter.__package }}.ingestion.quarantine import describe_refused
from {{ cookiecutter.__package }}.ingestion.task import STATE, compare_with_stored
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.platform.windows import Window

HOUR = pd.Timestamp("2013-03-01T05:00", tz="UTC")
WINDOW = Window(dt.datetime(2013, 3, 1, tzinfo=dt.UTC), dt.datetime(2013, 4, 1, tzinfo=dt.UTC))
READINGS = Table(
    "raw",
    "readings",
    "Hourly readings of a sensor.",
    (
        Column("sensor", "string", "name", required=True, allowed=("north", "south")),
        Column("read_at", "timestamp", "UTC", required=True),
        Column("temperature", "double", "degrees", minimum=-40, maximum=130),
        Column("dew_point", "double", "degrees", minimum=-60, maximum=110),
        Column("humidity", "double", "percent", minimum=0, maximum=100),
        Column("wind_speed", "double", "miles per hour", minimum=0, maximum=200),
    ),
    ("sensor", "read_at"),
    "read_at",
    owner="the desk",
)
GOOD = {
    "sensor": "north",
    "read_at": HOUR,
    "temperature": 40.0,
    "dew_point": 30.0,
    "humidity": 50.0,
    "wind_speed": 10.0,
}


def deliver(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**GOOD, **row} for row in rows])


def judge(spark: SparkSession, *rows: dict[str, Any]) -> list[list[str]]:
    loaded = load_delivery(spark, READINGS, deliver(*rows))
    judged = judge_rows(loaded, READINGS, WINDOW).orderBy("read_at", "temperature")
    return [row[REASONS] for row in judged.collect()]


def test_an_example_that_is_known_longer_ahead_than_declared_is_refused(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = Column("planned_for", "timestamp", "UTC", required=True)
    plans = replace(READINGS, columns=(*READINGS.columns, planned))
    lead = dt.timedelta(days=2)
    known = SimpleNamespace(examples=plans, event_time="planned_for", lead=lead)
    monkeypatch.setattr(contracts, "PROBLEM", known)
    rows = deliver(
        {"planned_for": HOUR + lead}, {"sensor": "south", "planned_for": HOUR + 2 * lead}
    )
    judged = judge_rows(load_delivery(spark, plans, rows), plans, WINDOW).orderBy("sensor")
    told = "read_at: more than 2 days before planned_for"
    assert [row[REASONS] for row in judged.collect()] == [[], [told]]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"wind_speed": 1048.0}, "wind_speed: above 200"),
        ({"humidity": -1.0}, "humidity: below 0"),
        ({"temperature": float("inf")}, "temperature: not a finite number"),
        ({"sensor": "west"}, "sensor: not an allowed value"),
        ({"sensor": None}, "sensor: null"),
        ({"read_at": pd.Timestamp("2013-04-01", tz="UTC")}, "read_at: in the future"),
        ({"read_at": pd.Timestamp("2013-02-28T23:59", tz="UTC")}, "read_at: before the"),
    ],
)
def test_a_broken_rule_is_named(spark: SparkSession, fault: dict[str, Any], reason: str) -> None:
    ((first, *_),) = judge(spark, fault)
    assert first.startswith(reason)


def test_a_row_within_its_limits_is_accepted_nulls_included(spark: SparkSession) -> None:
    assert judge(spark, {"wind_speed": 200.0, "humidity": None}) == [[]]


def test_of_equal_rows_one_is_accepted(spark: SparkSession) -> None:
    reasons = judge(spark, {}, {}, {})
    assert sorted(map(len, reasons)) == [0, 1, 1]


def test_of_conflicting_rows_none_is_accepted(spark: SparkSession) -> None:
    reasons = judge(spark, {"temperature": 40.0}, {"temperature": 41.0})
    assert reasons == [["sensor+read_at: same key, other values"]] * 2


def test_a_stored_row_is_recognised_and_a_changed_one_refused(spark: SparkSession) -> None:
    stored = load_delivery(spark, READINGS, deliver({}))
    later = {"read_at": HOUR + pd.Timedelta(hours=1)}
    for rows, expected in [
        (deliver({}), ["stored"]),
        (deliver({"temperature": 41.0}), ["refused"]),
        (deliver(later), ["new"]),
    ]:
        judged = judge_rows(load_delivery(spark, READINGS, rows), READINGS, WINDOW)
        states = [r[STATE] for r in compare_with_stored(judged, stored, READINGS).collect()]
        assert states == expected


def test_which_of_two_values_is_missing_makes_another_row(spark: SparkSession) -> None:
    one, other = {"temperature": 40.0, "dew_point": None}, {"temperature": None, "dew_point": 40.0}
    reasons = judge(spark, one, other)
    assert reasons == [["sensor+read_at: same key, other values"]] * 2
    stored, later = (load_delivery(spark, READINGS, deliver(row)) for row in (one, other))
    compared = compare_with_stored(judge_rows(later, READINGS, WINDOW), stored, READINGS)
    assert [row[STATE] for row in compared.collect()] == ["refused"]


def test_refused_rows_keep_their_content_and_each_counts(spark: SparkSession) -> None:
    bad = {"wind_speed": 1048.0}
    delivery = deliver(bad, bad)
    judged = judge_rows(load_delivery(spark, READINGS, delivery), READINGS, WINDOW)
    rows = describe_refused(judged, READINGS, delivery).collect()
    assert len({row["row_id"] for row in rows}) == 2
    assert all('"wind_speed": 1048.0' in row["row"] for row in rows)


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"temperature": "temp"}, "column temperature is missing\n.*column temp is not in"),
        ({"humidity": "humidity "}, "column humidity is missing"),
    ],
)
def test_renamed_columns_are_refused_by_name(columns: dict[str, str], fault: str) -> None:
    with pytest.raises(ContractError, match=fault):
        check_delivery(READINGS, deliver({}).rename(columns=columns))


def test_a_retyped_column_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match=r"humidity is string .*, the contract says double"):
        check_delivery(READINGS, deliver({}).astype({"humidity": str}))
