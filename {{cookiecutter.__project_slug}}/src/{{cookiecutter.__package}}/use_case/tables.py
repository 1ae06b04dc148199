"""The raw tables and the feature tables: columns, keys, rules, and how features are computed.

A feature table is declared here and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from ..platform.vocabulary import Column, FeatureTable, Table
from .features.carrier_delays import compute_carrier_delays
from .features.delays import CORRECTED_WITHIN, DELAY_HOURS, LONGEST_HOURS
from .features.origin_delays import compute_origin_delays
from .features.origin_weather import compute_origin_weather

ORIGINS = ("EWR", "JFK", "LGA")
FIRST_DAY = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
# An assumption: the sample data do not say when the timetable was published.
PUBLISHED_AHEAD = dt.timedelta(days=7)

FLIGHTS = Table(
    "raw",
    "flights",
    "The timetable of flights out of New York. A change or a cancellation is a further row.",
    (
        Column("flight_id", "string", "date-carrier-number-origin", required=True),
        Column("known_at", "timestamp", "UTC; published, changed or cancelled", required=True),
        Column("scheduled_departure", "timestamp", "UTC", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("flight_number", "int", "number within the carrier", required=True, minimum=1),
        Column("tail_number", "string", "aircraft; registers name its owner", personal="hash"),
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column("destination", "string", "IATA airport code", required=True),
        Column("distance", "double", "miles", required=True, minimum=1, maximum=10_000),
        Column("cancelled", "boolean", "whether the flight was called off", required=True),
    ),
    ("flight_id", "known_at"),
    "known_at",
    owner="flight operations",
)

OUTCOMES = Table(
    "raw",
    "outcomes",
    "What became of a flight, from the moment it was known. A correction is a further row.",
    (
        Column("flight_id", "string", "as in flights", required=True),
        Column("known_at", "timestamp", "UTC; landed and reported", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column(
            "departure_delay",
            "double",
            "minutes",
            minimum=-120,
            maximum=2_880,
            forbidden="known only when the flight departs, after the prediction",
        ),
        Column("arrival_delay", "double", "minutes", required=True, minimum=-180, maximum=2_880),
    ),
    ("flight_id", "known_at"),
    "known_at",
    owner="flight operations",
    # Airlines report some arrivals days later.
    lookback_days=3,
    greatest_age=dt.timedelta(days=3),
)

WEATHER = Table(
    "raw",
    "weather",
    "Hourly weather observed at the airports of origin.",
    (
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column("observed_at", "timestamp", "UTC, on the hour", required=True),
        Column("temperature", "double", "degrees Fahrenheit", minimum=-40, maximum=130),
        Column("dew_point", "double", "degrees Fahrenheit", minimum=-60, maximum=110),
        Column("humidity", "double", "percent", minimum=0, maximum=100),
        Column("wind_direction", "double", "degrees", minimum=0, maximum=360),
        Column("wind_speed", "double", "miles per hour", minimum=0, maximum=200),
        Column("precipitation", "double", "inches per hour", minimum=0, maximum=15),
        Column("pressure", "double", "millibar", minimum=850, maximum=1_090),
        Column("visibility", "double", "miles", minimum=0, maximum=20),
    ),
    ("origin", "observed_at"),
    "observed_at",
    owner="weather desk",
    greatest_age=dt.timedelta(days=3),
)

ORIGIN_WEATHER = FeatureTable(
    "features",
    "origin_weather",
    "Latest weather known at an airport of origin.",
    (
        Column("origin", "string", "IATA airport code"),
        Column("known_at", "timestamp", "UTC; an hour after the observation"),
        *(
            replace(column, sources=(f"weather.{column.name}",))
            for column in WEATHER.columns
            if column.name not in WEATHER.keys
        ),
    ),
    ("origin", "known_at"),
    "known_at",
    source=WEATHER,
    lookback=dt.timedelta(hours=1),
    # A model does without the weather when nobody observed any.
    optional=True,
    compute=compute_origin_weather,
    greatest_age=dt.timedelta(days=3),
)

# Delays look back over a day; a fact belongs to the full hour after it was known; and earlier facts
# tell a correction from a first report.
DELAYS_LOOKBACK = dt.timedelta(hours=LONGEST_HOURS + 1) + CORRECTED_WITHIN


def _delay_columns(entity: str) -> tuple[Column, ...]:
    sources = (f"outcomes.{entity}", "outcomes.known_at", "outcomes.arrival_delay")
    return tuple(
        Column(f"{entity}_{name}_{h}h", "double", comment.format(h=h), sources=sources)
        for h in DELAY_HOURS
        for name, comment in (
            ("landed", "flights landed in the last {h} hours"),
            ("late_share", "share of those that were late, {h} h"),
            ("mean_delay", "their mean arrival delay, min, {h} h"),
        )
    )


ORIGIN_DELAYS = FeatureTable(
    "features",
    "origin_delays",
    "Recent delays of landed flights by airport of origin, hourly.",
    (
        Column("origin", "string", "IATA airport code"),
        Column("known_at", "timestamp", "UTC, on the hour"),
        *_delay_columns("origin"),
    ),
    ("origin", "known_at"),
    "known_at",
    source=OUTCOMES,
    lookback=DELAYS_LOOKBACK,
    compute=compute_origin_delays,
)

CARRIER_DELAYS = FeatureTable(
    "features",
    "carrier_delays",
    "Recent delays of landed flights by carrier, hourly.",
    (
        Column("carrier", "string", "two-letter IATA code"),
        Column("known_at", "timestamp", "UTC, on the hour"),
        *_delay_columns("carrier"),
    ),
    ("carrier", "known_at"),
    "known_at",
    source=OUTCOMES,
    lookback=DELAYS_LOOKBACK,
    compute=compute_carrier_delays,
)

RAW_TABLES = (FLIGHTS, OUTCOMES, WEATHER)
FEATURE_TABLES = (ORIGIN_WEATHER, ORIGIN_DELAYS, CARRIER_DELAYS)
