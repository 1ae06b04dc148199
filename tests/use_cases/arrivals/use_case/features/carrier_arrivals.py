"""The feature table `carrier_arrivals`."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ...platform.windows import Window

HOURS, HOUR = 24, 3600
LOOKBACK = dt.timedelta(hours=HOURS + 1)


def compute_carrier_arrivals(arrivals: DataFrame, window: Window) -> DataFrame:
    """Computes a row for each carrier and full hour, over the arrivals of the last day."""
    first = F.ceil(F.unix_micros("known_at") / (HOUR * 1_000_000)) * HOUR
    hours = F.sequence(first, first + (HOURS - 1) * HOUR, F.lit(HOUR))
    counted = arrivals.select("carrier", "delay", F.explode(hours).alias("hour"))
    rows = counted.groupBy("carrier", F.timestamp_seconds("hour").alias("known_at")).agg(
        F.avg("delay").alias("mean_delay"), F.count("*").cast("double").alias("arrived")
    )
    return window.select(rows, "known_at")
