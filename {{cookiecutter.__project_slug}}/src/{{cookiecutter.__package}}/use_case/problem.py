"""The prediction problem: the question, the moment, the label, and what the model may take.

On the morning of its day, in UTC: will the flight arrive more than 15 minutes late? The daily run
predicts the flights of the day that begins. Cancelled and diverted flights never get a label.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from ..platform.kinds import Binary
from ..platform.problem import Problem
from ..platform.vocabulary import Column
from .features.delays import LATE_AFTER_MINUTES
from .tables import (
    CARRIER_DELAYS,
    FIRST_DAY,
    FLIGHTS,
    ORIGIN_DELAYS,
    ORIGIN_WEATHER,
    ORIGINS,
    OUTCOMES,
    PUBLISHED_AHEAD,
)

# Flights of one day are alike. A day is the local day of the airports, not the day in UTC.
LOCAL_TIME = "America/New_York"
HOUR_BANDS = {0: "night", 6: "morning", 12: "afternoon", 18: "evening"}


def find_prediction_time(departure: SparkColumn) -> SparkColumn:
    """Computes the moment at which a flight is predicted: the start of its day, in UTC."""
    return F.date_trunc("day", departure)


def find_cancelled() -> SparkColumn:
    """Computes from the timetable whether the flight was cancelled."""
    return F.col("cancelled")


def find_label() -> SparkColumn:
    """Computes from an outcome whether the flight was late."""
    return (F.col("arrival_delay") > LATE_AFTER_MINUTES).cast("double")


def describe(flights: pd.DataFrame) -> pd.DataFrame:
    """Adds the local hour, minute and weekday of the departure."""
    local = flights["scheduled_departure"].dt.tz_convert(LOCAL_TIME).dt
    weekday = (local.dayofweek + 1) % 7 + 1
    return flights.assign(local_hour=local.hour, local_minute=local.minute, weekday=weekday)


def name_slices(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Names the airport, the carrier and the part of the day of each row."""
    band = pd.cut(rows["local_hour"].astype(float), [*HOUR_BANDS, 24], right=False)
    names = band.cat.rename_categories(list(HOUR_BANDS.values())).astype(object)
    return {"origin": rows["origin"], "carrier": rows["carrier"], "hour_band": names}


def name_day(rows: pd.DataFrame) -> pd.Series:
    """Names the local day of each row's departure."""
    times = pd.to_datetime(rows["scheduled_departure"], utc=True)
    return times.dt.tz_convert(LOCAL_TIME).dt.date


PROBLEM = Problem(
    kind=Binary(event="late"),
    predicts=f"whether a flight arrives more than {LATE_AFTER_MINUTES} minutes late",
    limits=(
        f"Predicts flights out of {', '.join(ORIGINS)}, when the day of their scheduled departure"
        " begins, in UTC; nothing else was tested. Cancelled and diverted flights have no label. It"
        " is a help for planning, and no ground for decisions about single passengers."
    ),
    noun="flight",
    nouns="flights",
    examples=FLIGHTS,
    outcomes=OUTCOMES,
    key=("flight_id",),
    event_time="scheduled_departure",
    lead=PUBLISHED_AHEAD,
    find_prediction_time=find_prediction_time,
    find_cancelled=find_cancelled,
    find_label=find_label,
    label_delay=dt.timedelta(days=1),
    inputs=(
        Column("carrier", "string", "two-letter IATA code"),
        Column("origin", "string", "IATA airport code"),
        Column("destination", "string", "IATA airport code"),
        Column("local_hour", "int", "of departure", sources=("flights.scheduled_departure",)),
        Column("local_minute", "int", "of departure", sources=("flights.scheduled_departure",)),
        Column("weekday", "int", "1 is Sunday", sources=("flights.scheduled_departure",)),
        Column("distance", "double", "miles"),
    ),
    describe=describe,
    lookups=(ORIGIN_WEATHER, ORIGIN_DELAYS, CARRIER_DELAYS),
    # An airport that was late yesterday is late today.
    baselines={"rule_of_thumb": "origin_late_share_24h"},
    name_slices=name_slices,
    name_cluster=name_day,
    first_day=FIRST_DAY,
)
