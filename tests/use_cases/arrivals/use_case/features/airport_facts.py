"""The feature table `airport_facts`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from ...platform.windows import Window


def compute_airport_facts(airports: DataFrame, window: Window) -> DataFrame:
    """Computes where the airports lie that were listed in the window."""
    return window.select(airports, "listed_at")
