"""The feature table `recent_visibility`."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from ...platform.windows import Window

HOUR = 3600
# The features look back over a day, and an observation is known an hour later.
LOOKBACK = dt.timedelta(hours=25)


def compute_recent_visibility(weather: DataFrame, window: Window) -> DataFrame:
    """Computes the mean visibility of some hours up to an observation, known an hour later."""
    at = F.unix_timestamp("observed_at")
    means = {
        f"visibility_{hours}h": F.avg("visibility").over(
            Over.partitionBy("origin").orderBy(at).rangeBetween(-(hours - 1) * HOUR, 0)
        )
        for hours in (3, 24)
    }
    known_at = F.col("observed_at") + F.expr("INTERVAL 1 HOUR")
    return window.select(weather.withColumns({**means, "known_at": known_at}), "known_at")
