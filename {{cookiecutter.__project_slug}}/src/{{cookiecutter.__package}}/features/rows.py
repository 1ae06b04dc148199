"""Computes rows of any feature table, and identifies what they depend on."""

from __future__ import annotations

from pyspark.sql import DataFrame

from ..platform.fingerprint import digest_facts, fingerprint
from ..platform.vocabulary import FeatureTable
from ..platform.windows import Window


def compute_rows(table: FeatureTable, source: DataFrame, window: Window) -> DataFrame:
    """Computes the window's rows of a feature table from the rows of its source."""
    known = Window(window.start - table.lookback, window.end)
    rows = table.compute(known.select(source, table.source.time), window)
    return rows.select(*table.column_names)


def identify_recipe(table: FeatureTable) -> str:
    """Identifies what makes the rows of a feature table: its code, and what it declares."""
    code = fingerprint(table.compute, compute_rows)
    return digest_facts(code, table.shape, table.source.shape, table.lookback)
