"""Computes rows of any feature table, and identifies what each day of a table is made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..platform.days import DAY, Days, list_days
from ..platform.fingerprint import digest_facts, fingerprint
from ..platform.vocabulary import FeatureTable
from ..platform.windows import Window
from ..settings import to_instant


def compute_rows(table: FeatureTable, source: DataFrame, window: Window) -> DataFrame:
    """Computes the window's rows of a feature table from the rows of its source."""
    known = Window(window.start - table.lookback, window.end)
    rows = table.compute(known.select(source, table.source.time), window)
    if table.row_time:
        rows = rows.withColumn(table.row_time, F.col(table.time))
    return rows.select(*table.column_names)


def identify_recipe(table: FeatureTable) -> str:
    """Identifies what makes the rows of a feature table: its code, and what it declares."""
    code = fingerprint(table.compute, compute_rows)
    return digest_facts(code, table.shape, table.source.shape, table.lookback)


def identify_days(table: FeatureTable, source: Days, window: Window) -> dict[dt.date, str]:
    """Identifies what each day of a feature table is made from: recipe and days of the source."""
    recipe = identify_recipe(table)
    needed = {day: _list_needed(table, day) for day in list_days(window)}
    return {
        day: digest_facts(recipe, [source[d].digest for d in days if d in source])
        for day, days in needed.items()
    }


def _list_needed(table: FeatureTable, day: dt.date) -> Iterator[dt.date]:
    """Lists the days of the source that a day is computed from."""
    first = (to_instant(day) - table.lookback).date()
    for number in range((day - first) // DAY + 1):
        yield first + number * DAY
