"""The feature table `origin_weather`."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ...platform.windows import Window
from ..tables import ORIGIN_WEATHER


def compute_origin_weather(weather: DataFrame, window: Window) -> DataFrame:
    """Rows of the table that become known in the window: an observation is, after an hour."""
    known_at = F.col("observed_at") + F.expr("INTERVAL 1 HOUR")
    columns = [column.name for column in ORIGIN_WEATHER.columns]
    return window.select(weather.withColumn("known_at", known_at), "known_at").select(*columns)
