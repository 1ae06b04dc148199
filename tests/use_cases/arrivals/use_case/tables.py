"""The raw tables of departures, arrivals and airports, and the features that are made of them."""

from __future__ import annotations

import datetime as dt

from ..platform.vocabulary import Column, FeatureTable, Table
from .features.airport_facts import compute_airport_facts
from .features.carrier_arrivals import LOOKBACK, compute_carrier_arrivals

FIRST_DAY = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
PUBLISHED_AHEAD = dt.timedelta(days=3)

DEPARTURES = Table(
    "raw",
    "departures",
    "Scheduled departures from one airport.",
    (
        Column("departure_id", "string", "date, carrier and number", required=True),
        Column("known_at", "timestamp", "UTC; three days before the departure", required=True),
        Column("scheduled_at", "timestamp", "UTC", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("destination", "string", "IATA airport code", required=True),
    ),
    ("departure_id",),
    "known_at",
    owner="timetable desk",
)
ARRIVALS = Table(
    "raw",
    "arrivals",
    "What became of the departures.",
    (
        Column("departure_id", "string", "date, carrier and number", required=True),
        Column("known_at", "timestamp", "UTC; an hour after landing", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("delay", "double", "minutes", minimum=-200, maximum=3_000),
    ),
    ("departure_id",),
    "known_at",
    owner="arrivals desk",
)
AIRPORTS = Table(
    "raw",
    "airports",
    "Where airports lie.",
    (
        Column("destination", "string", "IATA airport code", required=True),
        Column("listed_at", "timestamp", "UTC; the first day", required=True),
        Column("latitude", "double", "degrees", minimum=-90, maximum=90),
        Column("longitude", "double", "degrees", minimum=-180, maximum=180),
    ),
    ("destination",),
    "listed_at",
    owner="airports desk",
    # All rows are of the first day.
    least_rows=0,
)

CARRIER_ARRIVALS = FeatureTable(
    "features",
    "carrier_arrivals",
    "Recent arrivals by carrier, hourly.",
    (
        Column("carrier", "string", "two-letter IATA code"),
        Column("known_at", "timestamp", "UTC, on the hour"),
        Column("mean_delay", "double", "minutes, 24 h", sources=("arrivals.delay",)),
        Column("arrived", "double", "number, 24 h", sources=("arrivals.known_at",)),
    ),
    ("carrier", "known_at"),
    "known_at",
    source=ARRIVALS,
    lookback=LOOKBACK,
    compute=compute_carrier_arrivals,
)
# Where an airport lies never changes, so the table's keys leave its time out.
AIRPORT_FACTS = FeatureTable(
    "features",
    "airport_facts",
    "Where a destination lies.",
    (
        Column("destination", "string", "IATA airport code"),
        Column("listed_at", "timestamp", "UTC; the first day"),
        Column("latitude", "double", "degrees", sources=("airports.latitude",)),
        Column("longitude", "double", "degrees", sources=("airports.longitude",)),
    ),
    ("destination",),
    "listed_at",
    source=AIRPORTS,
    lookback=dt.timedelta(0),
    # Of some airports overseas there are no facts.
    optional=True,
    compute=compute_airport_facts,
)

RAW_TABLES = (DEPARTURES, ARRIVALS, AIRPORTS)
FEATURE_TABLES = (CARRIER_ARRIVALS, AIRPORT_FACTS)
