"""The task `features`: computes every day of every feature table that is not current."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..platform import delta
from ..platform.days import Day, forget_days, join_days, record_days, summarise_days
from ..platform.parallel import do_in_parallel
from ..platform.tables import FEATURE_DAYS
from ..platform.vocabulary import FeatureTable
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings
from ..use_case.tables import FEATURE_TABLES
from .currency import read_holdings
from .rows import compute_rows

log = logging.getLogger(__name__)


def compute_features(workspace: Workspace, settings: Settings) -> None:
    """Writes the days that are missing, and anew those of other code or of other facts.

    Days after `as_of` that are recorded are kept current too: a table is of one code as a whole.

    Raises:
        MissingFactsError: Ingestion has not run for `as_of`.
    """
    spark, record = workspace.spark, FEATURE_DAYS.full_name(settings)
    holdings = read_holdings(spark, settings, settings.as_of)
    stale = {table: days for table in FEATURE_TABLES if (days := holdings.list_stale(table))}
    recorded = {t: holdings.features[t].keys() & {*days} for t, days in stale.items()}
    forget_days(spark, record, recorded)
    written = do_in_parallel(
        lambda t: write_days(workspace, settings, t, stale[t], holdings.wanted[t]), stale
    )
    record_days(spark, record, written)


def write_days(
    workspace: Workspace,
    settings: Settings,
    table: FeatureTable,
    days: Iterable[dt.date],
    wanted: Mapping[dt.date, str],
) -> dict[dt.date, Day]:
    """Writes some days of a table, and returns what they then hold."""
    found: dict[dt.date, Day] = {}
    for window in join_days(days):
        log.info("%s, %s, %d days", table.name, window, (window.end - window.start).days)
        found |= write_window(workspace, settings, table, window)
    return {day: replace(held, made_from=wanted[day]) for day, held in found.items()}


def write_window(
    workspace: Workspace, settings: Settings, table: FeatureTable, window: Window
) -> dict[dt.date, Day]:
    """Replaces a window's rows, through the feature client, and returns what its days then hold."""
    spark, name = workspace.spark, table.full_name(settings)
    rows = compute_rows(table, spark.table(table.source.source_name(settings)), window)
    before = window.select(spark.table(name), table.time)
    is_anew = not before.isEmpty()
    workspace.features.write_table(name=name, df=rows, mode="merge")
    if is_anew:
        # The client merges alone: rows that other code or other facts made would stay.
        within = window.contains(f"{table.name}.{table.time}")
        delta.delete_other_rows(name, rows, table.keys, within)
    return summarise_days(spark.table(name), table, window)
