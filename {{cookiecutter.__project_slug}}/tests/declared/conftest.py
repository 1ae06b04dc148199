"""What the sources deliver of the days before the date of the integration test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.features.rows import compute_rows
from {{ cookiecutter.__package }}.ingestion.contracts import load_delivery
from {{ cookiecutter.__package }}.platform.vocabulary import FeatureTable, Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.settings import to_instant
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import SOURCES
from {{ cookiecutter.__package }}.use_case.tables import FEATURE_TABLES, RAW_TABLES

from ..use_case.expectations import AS_OF

# Few enough for a check that runs often, and all days of a week.
DAYS = dt.timedelta(days=9)
CUTOFF = to_instant(dt.date.fromisoformat(AS_OF))
WINDOW = Window(CUTOFF - DAYS, CUTOFF)


@dataclass
class Sample:
    """Some days of every declared table.

    Attributes:
        asked: The window that each source was asked for.
        delivered: What it delivered.
    """

    spark: SparkSession
    asked: Mapping[Table, Window]
    delivered: Mapping[Table, pd.DataFrame]

    @cached_property
    def raw(self) -> Mapping[Table, DataFrame]:
        """The rows of raw tables, in the contract's types."""
        return {table: self.load(table, rows) for table, rows in self.delivered.items()}

    def load(self, table: Table, rows: pd.DataFrame) -> DataFrame:
        """Rows of a source, in the contract's types."""
        return load_delivery(self.spark, table, rows).select(*table.column_names)

    def compute(self, table: FeatureTable, facts: pd.DataFrame | None = None) -> DataFrame:
        """The rows of a feature table, from what its source delivered or from other facts."""
        source = self.raw[table.source] if facts is None else self.load(table.source, facts)
        return compute_rows(table, source, Window(find_start(table), WINDOW.end))


def find_start(table: FeatureTable) -> dt.datetime:
    """The first moment that a feature table has rows of: a timeless one, of all time."""
    return WINDOW.start if table.has_time_key else PROBLEM.first_day


def find_asked(table: Table) -> Window:
    """The window that the rows of the sample need of a source."""
    starts = [find_start(t) - t.lookback for t in FEATURE_TABLES if t.source == table]
    if table in (PROBLEM.examples, PROBLEM.labelling):
        starts.append(WINDOW.start - PROBLEM.lead)
    return Window(max(PROBLEM.first_day, min(starts, default=WINDOW.start)), WINDOW.end)


@pytest.fixture(scope="session")
def sample(spark: SparkSession) -> Sample:
    asked = {table: find_asked(table) for table in RAW_TABLES}
    return Sample(spark, asked, {t: SOURCES[t.name](window) for t, window in asked.items()})
