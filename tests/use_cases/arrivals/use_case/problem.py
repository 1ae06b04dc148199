"""The prediction problem: on the morning of its day, is a departure early, on time or late?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from ..platform.kinds import MultiClass
from ..platform.problem import Problem
from ..platform.vocabulary import Column
from .tables import (
    AIRPORT_FACTS,
    ARRIVALS,
    CARRIER_ARRIVALS,
    DEPARTURES,
    FIRST_DAY,
    PUBLISHED_AHEAD,
)

EARLY, LATE = -10, 15


def find_prediction_time(scheduled_at: SparkColumn) -> SparkColumn:
    """Computes the moment at which a departure is predicted: the start of its day, in UTC."""
    return F.date_trunc("day", scheduled_at)


def find_label() -> SparkColumn:
    """Computes the class of an arrival."""
    delay = F.col("delay")
    late = F.when(delay > LATE, "late").when(delay < EARLY, "early")
    return late.when(delay.isNotNull(), "on time")


def describe(departures: pd.DataFrame) -> pd.DataFrame:
    """Adds hour and weekday."""
    at = departures["scheduled_at"].dt
    return departures.assign(hour=at.hour, weekday=(at.dayofweek + 1) % 7 + 1)


def name_slices(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Names the carrier of each row."""
    return {"carrier": rows["carrier"]}


def name_day(rows: pd.DataFrame) -> pd.Series:
    """Names the day of each row."""
    return pd.to_datetime(rows["scheduled_at"], utc=True).dt.date


PROBLEM = Problem(
    kind=MultiClass(classes=("early", "on time", "late")),
    predicts=f"whether an arrival is early ({-EARLY} min), on time, or late ({LATE} min)",
    limits="Predicts departures from one airport, a day ahead; nothing else was tested.",
    noun="departure",
    nouns="departures",
    examples=DEPARTURES,
    outcomes=ARRIVALS,
    key=("departure_id",),
    event_time="scheduled_at",
    lead=PUBLISHED_AHEAD,
    horizon_days=2,
    find_prediction_time=find_prediction_time,
    find_label=find_label,
    label_delay=dt.timedelta(days=1),
    inputs=(
        Column("carrier", "string", "two-letter IATA code"),
        Column("destination", "string", "IATA airport code"),
        Column("hour", "int", "UTC", sources=("departures.scheduled_at",)),
        Column("weekday", "int", "1 is Sunday", sources=("departures.scheduled_at",)),
    ),
    describe=describe,
    lookups=(CARRIER_ARRIVALS, AIRPORT_FACTS),
    baselines={},
    name_slices=name_slices,
    name_cluster=name_day,
    first_day=FIRST_DAY,
    evaluation_days=21,
    tuning_days=14,
)
