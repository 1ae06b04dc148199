"""The feature table `carrier_delays`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from ...platform.windows import Window
from .delays import compute_delays


def compute_carrier_delays(outcomes: DataFrame, window: Window) -> DataFrame:
    """Computes recent delays by carrier, hourly; see `compute_delays`."""
    return compute_delays(outcomes, "carrier", window)
