"""The task `ingestion`: a window's deliveries into raw tables and quarantine."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from .. import delta
from ..problem import FIRST_DAY
from ..settings import Settings
from ..tables import QUARANTINE, RAW_TABLES, Table
from ..windows import FinishedWindow, Window, find_window, open_window, record_window
from ..workspace import Workspace
from .contracts import REASONS, check_columns, judge_rows, load_delivery
from .sources import SOURCES

log = logging.getLogger(__name__)


def ingest(workspace: Workspace, settings: Settings) -> None:
    """Ingests every source's window; nothing is written before every delivery's columns passed."""
    spark = workspace.spark
    deliveries = {}
    for table in RAW_TABLES:
        window = open_window(spark, settings, table, FIRST_DAY)
        deliveries[table] = window, _fetch(SOURCES[table.name], table, window)
    for table, (window, delivery) in deliveries.items():
        done = ingest_delivery(spark, settings, table, window, delivery)
        log.info("%s: %d in, %d quarantined", table.name, done.rows_in, done.rows_quarantined)


def _fetch(deliver: Callable[[Window], pd.DataFrame], table: Table, window: Window) -> pd.DataFrame:
    log.info("fetching %s, %s", table.name, window)
    delivery = deliver(window)
    check_columns(table, delivery)
    return delivery


def ingest_delivery(
    spark: SparkSession, settings: Settings, table: Table, window: Window, delivery: pd.DataFrame
) -> FinishedWindow:
    """Writes accepted rows that are new to the raw table, the others to quarantine.

    Returns:
        The record of the window, with rows in = kept + quarantined. Repeated, it changes nothing.
    """
    rows = judge_rows(load_delivery(spark, table, delivery), table, settings.cutoff)
    rows = compare_with_stored(
        rows, window.select(spark.table(table.full_name(settings)), table.time), table
    )
    counts = {r.state: r["count"] for r in rows.groupBy("state").count().collect()}
    if counts.get("refused"):
        _quarantine(settings, table, rows.where("state = 'refused'"))
    if counts.get("new"):
        _append(settings, table, window, rows.where("state = 'new'"))
    return _record(spark, settings, table, window, len(delivery), counts)


def compare_with_stored(rows: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Adds `state`: 'refused', 'new', or 'stored' for a row that the table already holds.

    A row whose key is stored with other values is refused: raw facts do not change.
    """
    columns = [column.name for column in table.columns]
    known = stored.select(*table.keys, F.xxhash64(*columns).alias("stored_digest"))
    differs = F.col("stored_digest") != F.xxhash64(*columns)
    reason = F.when(differs, F.lit(f"{'+'.join(table.keys)}: stored with other values"))
    reasons = F.array_compact(F.array_append(REASONS, reason))
    joined = rows.join(known, list(table.keys), "left").withColumn(REASONS, reasons)
    state = (
        F.when(F.size(REASONS) > 0, "refused")
        .when(F.col("stored_digest").isNotNull(), "stored")
        .otherwise("new")
    )
    return joined.select(*columns, REASONS, state.alias("state"))


def _append(settings: Settings, table: Table, window: Window, rows: DataFrame) -> None:
    within = window.contains(f"{table.name}.{table.time}")
    columns = [column.name for column in table.columns]
    delta.append_new_rows(table.full_name(settings), rows.select(*columns), table.keys, within)


def _quarantine(settings: Settings, table: Table, rows: DataFrame) -> None:
    refused = describe_refused(rows, table).withColumn("as_of", F.lit(settings.as_of))
    delta.append_new_rows(QUARANTINE.full_name(settings), refused, QUARANTINE.keys)


def describe_refused(rows: DataFrame, table: Table) -> DataFrame:
    """Refused rows as the quarantine keeps them; equal rows are numbered, so that each counts."""
    row = F.to_json(F.struct(*(column.name for column in table.columns)))
    reason = F.concat_ws("; ", REASONS)
    described = rows.select(
        F.lit(table.name).alias("source"), reason.alias("reason"), row.alias("row")
    )
    number = F.row_number().over(Over.partitionBy("source", "row").orderBy("reason"))
    row_id = F.sha2(F.concat_ws("\n", "source", "row", number.cast("string")), 256)
    return described.withColumn("row_id", row_id)


def _record(
    spark: SparkSession,
    settings: Settings,
    table: Table,
    window: Window,
    rows_in: int,
    counts: dict[str, int],
) -> FinishedWindow:
    former = find_window(spark, settings, table)
    if former and not counts.get("new"):
        return former
    refused = counts.get("refused", 0)
    version = delta.read_version(spark, table.full_name(settings))
    done = FinishedWindow(window, "", version, rows_in, rows_in - refused, refused)
    record_window(spark, settings, table, done)
    return done
