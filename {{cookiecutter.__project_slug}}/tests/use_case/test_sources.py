"""The sample data is cut by what was known when."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.__package }}.ingestion.contracts import check_delivery
from {{ cookiecutter.__package }}.platform.vocabulary import Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import SOURCES, read_flights, read_timetable
from {{ cookiecutter.__package }}.use_case.tables import RAW_TABLES

DAY = Window(dt.datetime(2013, 3, 1, tzinfo=dt.UTC), dt.datetime(2013, 3, 2, tzinfo=dt.UTC))
# The sample needs nothing to fetch its rows with.
NOTHING: Any = None


@pytest.mark.parametrize("table", RAW_TABLES, ids=lambda table: table.name)
def test_a_delivery_keeps_to_the_contract_and_the_window(table: Table) -> None:
    delivery = SOURCES[table.name](NOTHING, DAY)
    check_delivery(table, delivery)
    assert len(delivery) > 50
    assert delivery[table.time].min() >= DAY.start
    assert delivery[table.time].max() < DAY.end


def test_a_flight_is_published_a_week_ahead_and_cancelled_at_its_departure_at_the_latest() -> None:
    flights = SOURCES["flights"](NOTHING, DAY)
    ahead = flights["scheduled_departure"] - flights["known_at"]
    cancelled = flights["cancelled"]
    assert set(ahead[~cancelled]) == {pd.Timedelta(days=7)}
    assert set(ahead[cancelled]) == {pd.Timedelta(0)}
    (first,) = read_timetable().groupby("flight_id")["known_at"].min().nsmallest(1)
    assert first == PROBLEM.first_day


def test_flight_ids_are_unique() -> None:
    assert read_flights()["flight_id"].is_unique


def test_an_outcome_is_known_only_after_landing() -> None:
    outcomes = SOURCES["outcomes"](NOTHING, DAY).merge(read_flights(), on="flight_id")
    flown = outcomes["known_at"] - outcomes["scheduled_departure"]
    minutes = flown.dt.total_seconds() / 60 - outcomes["departure_delay_x"]
    assert (minutes > outcomes["air_time"]).all()
