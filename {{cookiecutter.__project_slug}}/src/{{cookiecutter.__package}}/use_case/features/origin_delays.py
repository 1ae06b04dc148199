"""The feature table `origin_delays`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from ...platform.windows import Window
from .delays import compute_delays


def compute_origin_delays(outcomes: DataFrame, window: Window) -> DataFrame:
    """Computes recent delays by airport of origin, hourly; see `compute_delays`."""
    return compute_delays(outcomes, "origin", window)
