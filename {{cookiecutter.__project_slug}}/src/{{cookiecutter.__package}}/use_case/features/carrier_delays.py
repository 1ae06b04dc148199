"""The feature table `carrier_delays`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from ...platform.windows import Window
from ..tables import CARRIER_DELAYS
from .delays import compute_delays


def compute_carrier_delays(outcomes: DataFrame, window: Window) -> DataFrame:
    """Recent delays by carrier, hourly; see `compute_delays`."""
    return compute_delays(outcomes, CARRIER_DELAYS, "carrier", window)
