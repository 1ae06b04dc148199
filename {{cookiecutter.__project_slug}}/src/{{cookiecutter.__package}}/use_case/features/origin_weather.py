"""The feature table `origin_weather`."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ...platform.windows import Window


def compute_origin_weather(weather: DataFrame, window: Window) -> DataFrame:
    """Computes the rows that become known in the window, an hour after each observation."""
    known_at = F.col("observed_at") + F.expr("INTERVAL 1 HOUR")
    return window.select(weather.withColumn("known_at", known_at), "known_at")
