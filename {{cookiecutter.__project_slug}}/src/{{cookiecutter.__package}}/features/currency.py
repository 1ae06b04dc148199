"""Tells which days of the feature tables are not what today's code makes of today's facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession

from ..platform.days import DAY, Days, list_days, read_days
from ..platform.tables import FEATURE_DAYS, RAW_DAYS
from ..platform.vocabulary import FeatureTable, Table
from ..platform.windows import Window
from ..settings import Settings, to_instant
from ..use_case.problem import PROBLEM
from ..use_case.tables import FEATURE_TABLES, RAW_TABLES
from .rows import identify_days


class MissingFactsError(LookupError):
    """A raw table lacks days before `as_of`."""


class StaleFeaturesError(LookupError):
    """Features are of other code or other facts than this run sees."""


@dataclass(frozen=True)
class Holdings:
    """The recorded days of raw and feature tables, and the identity that each day should have.

    Attributes:
        wanted: For each feature table and day, the digest of what the rows should be made from.
    """

    raw: Mapping[Table, Days]
    features: Mapping[FeatureTable, Days]
    wanted: Mapping[FeatureTable, Mapping[dt.date, str]]

    def describe(self, table: Table) -> Days:
        """Returns the recorded days of one of the tables."""
        return self.features[table] if isinstance(table, FeatureTable) else self.raw[table]

    def list_stale(self, table: FeatureTable) -> list[dt.date]:
        """Lists the days whose rows are of other code, of other facts, or missing."""
        held = self.features[table]
        made = {day: of_day.made_from for day, of_day in held.items()}
        return [day for day, wanted in self.wanted[table].items() if made.get(day) != wanted]


def read_holdings(spark: SparkSession, settings: Settings, as_of: dt.date) -> Holdings:
    """Reads what the tables hold, up to `as_of` and to the last day that features have.

    Raises:
        MissingFactsError: Ingestion has not run for `as_of`, or was cut short.
    """
    raw = read_days(spark, RAW_DAYS.source_name(settings), RAW_TABLES)
    needed = [*list_days(Window(PROBLEM.first_day, to_instant(as_of)))]
    for table, days in raw.items():
        missing = [day for day in needed if day not in days]
        if missing:
            raise MissingFactsError(_describe_missing(table, settings, as_of, missing[0]))
    features = read_days(spark, FEATURE_DAYS.full_name(settings), FEATURE_TABLES)
    recorded = [day + DAY for days in features.values() for day in days]
    window = Window(PROBLEM.first_day, to_instant(max([as_of, *recorded])))
    wanted = {t: identify_days(t, raw[t.source], window) for t in FEATURE_TABLES}
    return Holdings(raw, features, wanted)


def _describe_missing(table: Table, settings: Settings, as_of: dt.date, day: dt.date) -> str:
    whose = "" if settings.owns_sources else f" in {settings.source}, where it belongs"
    return (
        f"{table.name} has no record of {day}: run the job ingestion{whose}, as of {as_of} or later"
    )


def read_current(spark: SparkSession, settings: Settings, as_of: dt.date) -> Holdings:
    """Reads what the tables hold, where every day before `as_of` is current.

    Raises:
        MissingFactsError: Ingestion has not run for `as_of`.
        StaleFeaturesError: A table's days are of other code or other facts.
    """
    holdings = read_holdings(spark, settings, as_of)
    for table in FEATURE_TABLES:
        stale = [day for day in holdings.list_stale(table) if day < as_of]
        if stale:
            raise StaleFeaturesError(
                f"{table.name}: {len(stale)} days from {stale[0]} to {stale[-1]} are not of this"
                f" code and of these facts: run the job features as of {as_of} first"
            )
    return holdings
