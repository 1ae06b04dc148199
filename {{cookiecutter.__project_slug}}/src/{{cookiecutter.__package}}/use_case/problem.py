"""The prediction problem: the question, the moment, the label.

Two hours before its scheduled departure: will the flight arrive more than 15 minutes late?
Cancelled and diverted flights never get a label.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

# The sources begin here: the first run takes everything from this day on.
FIRST_DAY = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
PREDICTION_LEAD = dt.timedelta(hours=2)
LATE_AFTER_MINUTES = 15
ORIGINS = ("EWR", "JFK", "LGA")
# After a window of departures closes, its last labels arrive within about this time.
LABEL_DELAY = dt.timedelta(days=1)

# Two sentences of the model card.
PREDICTS = f"whether a flight arrives more than {LATE_AFTER_MINUTES} minutes late"
LIMITS = (
    f"Predicts flights out of {', '.join(ORIGINS)},"
    f" {PREDICTION_LEAD / dt.timedelta(hours=1):g} hours before their scheduled departure; nothing"
    " else was tested. Cancelled and diverted flights have no label and are not predicted. It is a"
    " help for planning, and no ground for decisions about single passengers."
)

KEY = "flight_id"
EVENT_TIME = "scheduled_departure"
PREDICTION_TIME = "prediction_at"
LABEL = "late"

# A model must beat this rule of thumb: an airport that was late an hour ago is late now.
BASELINE_FEATURE = "origin_late_share_3h"

# Flights of one day are alike. A day is the local day of the airports, not the day in UTC.
LOCAL_TIME = "America/New_York"

CATEGORIES = ("carrier", "origin", "destination")
SCHEDULE = (*CATEGORIES, "local_hour", "local_minute", "weekday", "distance")


# A model must not fail in any of these parts of the data, even when it is better on the whole.
SLICES = ("origin", "carrier", "hour_band")
HOUR_BANDS = {0: "night", 6: "morning", 12: "afternoon", 18: "evening"}


def name_slices(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Names the slice of each row, by column of `SLICES`."""
    band = pd.cut(rows["local_hour"].astype(float), [*HOUR_BANDS, 24], right=False)
    names = band.cat.rename_categories(list(HOUR_BANDS.values())).astype(object)
    return {name: rows.get(name, names) for name in SLICES}


def name_days(rows: pd.DataFrame) -> pd.Series:
    """Names the local day of each row's event."""
    times = pd.to_datetime(rows[EVENT_TIME], utc=True)
    return times.dt.tz_convert(LOCAL_TIME).dt.date


def describe_flights(flights: DataFrame) -> DataFrame:
    """Describes flights by their timetable: key, times, and the columns of `SCHEDULE`."""
    local = F.from_utc_timestamp(EVENT_TIME, LOCAL_TIME)
    lead = F.expr(f"INTERVAL {int(PREDICTION_LEAD.total_seconds())} SECONDS")
    return flights.select(
        KEY,
        EVENT_TIME,
        (F.col(EVENT_TIME) - lead).alias(PREDICTION_TIME),
        *CATEGORIES,
        F.hour(local).alias("local_hour"),
        F.minute(local).alias("local_minute"),
        F.dayofweek(local).alias("weekday"),
        "distance",
    )


def label_flights(flights: DataFrame, outcomes: DataFrame, cutoff: dt.datetime) -> DataFrame:
    """Joins `late` (1.0 or 0.0), from the last outcome that was known before `cutoff`.

    A flight without such an outcome is left out.

    Args:
        flights: Any frame with the flight's key.
        outcomes: Rows of the table of outcomes.
    """
    last = Window.partitionBy(KEY).orderBy(F.desc("known_at"))
    known = (
        outcomes.where(F.col("known_at") < F.lit(cutoff))
        .withColumn("rank", F.row_number().over(last))
        .where("rank = 1")
    )
    late = (F.col("arrival_delay") > LATE_AFTER_MINUTES).cast("double")
    return flights.join(known.select(KEY, late.alias(LABEL)), KEY)
