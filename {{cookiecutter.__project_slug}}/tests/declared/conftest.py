"""Asks the sources for some days before the date of the integration test, once for all tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pytest
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.workspace import LocalSecrets
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.features.rows import compute_rows
from {{ cookiecutter.__package }}.ingestion.contracts import check_delivery, load_delivery
from {{ cookiecutter.__package }}.platform.examples import describe_examples, label_examples
from {{ cookiecutter.__package }}.platform.sources import Context, Rows
from {{ cookiecutter.__package }}.platform.vocabulary import FeatureTable, Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.settings import Settings, to_instant
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import SOURCES
from {{ cookiecutter.__package }}.use_case.tables import FEATURE_TABLES, RAW_TABLES

from ..use_case.expectations import AS_OF, provide

ROOT = Path(__file__).parents[2]
# Few enough for a check that runs often, and all days of a week.
DAYS = dt.timedelta(days=9)
CUTOFF = to_instant(dt.date.fromisoformat(AS_OF))
WINDOW = Window(CUTOFF - DAYS, CUTOFF)


@dataclass(frozen=True, eq=False)
class Sample:
    """Some days of every declared table.

    Attributes:
        asked: The window that each source was asked for.
        delivered: The rows that it delivered, which have the contract's columns and types.
    """

    spark: SparkSession
    asked: Mapping[Table, Window]
    delivered: Mapping[Table, pd.DataFrame]

    def load(self, table: Table) -> DataFrame:
        """The rows of a raw table, in the contract's types."""
        rows = load_delivery(self.spark, table, self.delivered[table])
        return rows.select(*table.column_names)

    def compute(self, table: FeatureTable, facts: pd.DataFrame) -> DataFrame:
        """The rows of a feature table, from facts of its source."""
        source = load_delivery(self.spark, table.source, facts)
        window = Window(find_start(table), WINDOW.end)
        return compute_rows(table, source.select(*table.source.column_names), window)

    @cached_property
    def features(self) -> Mapping[FeatureTable, pd.DataFrame]:
        """The rows of all feature tables, in the order of their keys."""
        frames = {t: self.compute(t, self.delivered[t.source]) for t in FEATURE_TABLES}
        return {table: collect(table, frame) for table, frame in frames.items()}

    @cached_property
    def examples(self) -> pd.DataFrame:
        """The examples, with the label where it is known."""
        described = WINDOW.select(self.described, PROBLEM.event_time)
        outcomes = self.load(PROBLEM.labelling)
        labels = label_examples(PROBLEM, described.select(*PROBLEM.key), outcomes, CUTOFF)
        return described.join(labels, list(PROBLEM.key), "left").toPandas()

    @property
    def described(self) -> DataFrame:
        """The examples as a model sees them."""
        return describe_examples(PROBLEM, self.load(PROBLEM.examples), CUTOFF)


def collect(table: FeatureTable, frame: DataFrame) -> pd.DataFrame:
    """Loads the rows of a feature table, in the order of their keys."""
    rows: pd.DataFrame = frame.toPandas().sort_values(list(table.keys), ignore_index=True)
    return rows


def find_start(table: FeatureTable) -> dt.datetime:
    """The first moment that a feature table has rows of: a timeless one, of all time."""
    return WINDOW.start if table.has_time_key else PROBLEM.first_day


def find_asked(table: Table) -> Window:
    """The window that the rows of the sample need of a source."""
    starts = [find_start(t) - t.lookback for t in FEATURE_TABLES if t.source == table]
    if table in (PROBLEM.examples, PROBLEM.labelling):
        starts.append(WINDOW.start - PROBLEM.lead)
    return Window(max(PROBLEM.first_day, min(starts, default=WINDOW.start)), WINDOW.end)


def to_pandas(rows: Rows) -> pd.DataFrame:
    """The rows of a delivery here, with the time zone of their times."""
    if isinstance(rows, pd.DataFrame):
        return rows
    return rows.toArrow().to_pandas()


@pytest.fixture(scope="module")
def context(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The context of the sources, once the use case's tests have provided the rows."""
    folder, variables = tmp_path_factory.mktemp("sources"), load_bundle(ROOT).config["variables"]
    schemas = Settings.parse_schemas(variables["source_schemas"]["value"])
    context = Context(spark, LocalSecrets(folder / "secrets"), folder / "landing", schemas)
    context.landing.mkdir()
    provide(context)
    return context


@pytest.fixture(scope="module")
def sample(context: Context) -> Sample:
    asked = {table: find_asked(table) for table in RAW_TABLES}
    delivered = {table: SOURCES[table.name](context, asked[table]) for table in RAW_TABLES}
    for table, rows in delivered.items():
        check_delivery(table, rows)
    return Sample(context.spark, asked, {t: to_pandas(rows) for t, rows in delivered.items()})
