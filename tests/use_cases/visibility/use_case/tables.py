"""The raw table of hourly weather, and the features that are made of it."""

from __future__ import annotations

import datetime as dt

from ..platform.vocabulary import Column, FeatureTable, Table
from .features.recent_visibility import LOOKBACK, compute_recent_visibility

FIRST_DAY = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)

WEATHER = Table(
    "raw",
    "weather",
    "Hourly weather at airports.",
    (
        Column("origin", "string", "IATA airport code", required=True),
        Column("observed_at", "timestamp", "UTC", required=True),
        Column("temperature", "double", "degrees Fahrenheit", minimum=-40, maximum=140),
        Column("dew_point", "double", "degrees Fahrenheit", minimum=-40, maximum=140),
        Column("humidity", "double", "percent", minimum=0, maximum=105),
        Column("wind_speed", "double", "miles per hour", minimum=0, maximum=200),
        Column("precipitation", "double", "inches per hour", minimum=0, maximum=15),
        Column("pressure", "double", "millibar", minimum=850, maximum=1_090),
        Column("visibility", "double", "miles", required=True, minimum=0, maximum=20),
    ),
    ("origin", "observed_at"),
    "observed_at",
    owner="weather desk",
)

RECENT_VISIBILITY = FeatureTable(
    "features",
    "recent_visibility",
    "Visibility before, at an airport.",
    (
        Column("origin", "string", "IATA airport code"),
        Column("known_at", "timestamp", "UTC; an hour after the last observation"),
        Column("visibility_3h", "double", "miles, mean of 3 h", sources=("weather.visibility",)),
        Column("visibility_24h", "double", "miles, mean of 24 h", sources=("weather.visibility",)),
    ),
    ("origin", "known_at"),
    "known_at",
    source=WEATHER,
    lookback=LOOKBACK,
    compute=compute_recent_visibility,
)

RAW_TABLES = (WEATHER,)
FEATURE_TABLES = (RECENT_VISIBILITY,)
