"""The prediction problem: what is the visibility in an hour, where its sensor has failed?

Readings are known with their hours, so a run looks back only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from ..platform.kinds import Regression
from ..platform.problem import Problem
from ..platform.vocabulary import Column
from .tables import FIRST_DAY, RECENT_VISIBILITY, WEATHER

DAWN, DUSK = 11, 23


def find_prediction_time(observed_at: SparkColumn) -> SparkColumn:
    """Computes the moment at which a reading is predicted: its own."""
    return observed_at


def find_label() -> SparkColumn:
    """Computes the visibility."""
    return F.col("visibility")


def describe(weather: pd.DataFrame) -> pd.DataFrame:
    """Adds the hour of the day."""
    return weather.assign(hour=weather["observed_at"].dt.hour)


def name_slices(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Names the airport and the light of each row."""
    is_day = rows["hour"].astype(float).between(DAWN, DUSK)
    return {"origin": rows["origin"], "light": pd.Series(np.where(is_day, "day", "night"))}


def name_day(rows: pd.DataFrame) -> pd.Series:
    """Names the day of each row: weather lasts."""
    return pd.to_datetime(rows["observed_at"], utc=True).dt.date


PROBLEM = Problem(
    kind=Regression(unit="miles"),
    predicts="the visibility at an airport in an hour, by its other weather",
    limits="Estimates hours of the airports of New York; nothing else was tested.",
    noun="reading",
    nouns="readings",
    examples=WEATHER,
    outcomes=None,
    key=("origin", "observed_at"),
    event_time="observed_at",
    lead=dt.timedelta(0),
    horizon_days=0,
    find_prediction_time=find_prediction_time,
    find_label=find_label,
    label_delay=dt.timedelta(0),
    inputs=(
        Column("origin", "string", "IATA airport code"),
        Column("hour", "int", "of the day, UTC", sources=("weather.observed_at",)),
        Column("temperature", "double", "degrees Fahrenheit"),
        Column("dew_point", "double", "degrees Fahrenheit"),
        Column("humidity", "double", "percent"),
        Column("wind_speed", "double", "miles per hour"),
        Column("precipitation", "double", "inches per hour"),
        Column("pressure", "double", "millibar"),
    ),
    describe=describe,
    lookups=(RECENT_VISIBILITY,),
    baselines={"mean_of_the_last_day": "visibility_24h"},
    name_slices=name_slices,
    name_cluster=name_day,
    first_day=FIRST_DAY,
    tuning_days=14,
)
