"""The task `ingestion`: a window's deliveries into raw tables and quarantine."""

from __future__ import annotations

import logging
from collections import Counter

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from ..platform import delta
from ..platform.parallel import do_in_parallel
from ..platform.progress import FinishedWindow, find_windows, open_windows, record_windows
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import ParameterError, Settings
from ..use_case.problem import FIRST_DAY
from ..use_case.sources import SOURCES
from ..use_case.tables import RAW_TABLES
from .contracts import REASONS, check_columns, hash_row, judge_rows, load_delivery
from .tables import QUARANTINE

log = logging.getLogger(__name__)


def ingest(workspace: Workspace, settings: Settings) -> None:
    """Ingests the window of every source; a repetition changes nothing.

    Nothing is written before the columns of every delivery have passed.

    Raises:
        ContractError: A delivery's columns are not those of its contract.
        ParameterError: `as_of` lies before the data.
    """
    if settings.cutoff <= FIRST_DAY:
        first = f"{FIRST_DAY:%Y-%m-%d}"
        raise ParameterError(
            f"as_of {settings.as_of} is not after the first day of the data, {first}"
        )
    spark = workspace.spark
    windows = open_windows(spark, settings, dict.fromkeys(RAW_TABLES, settings.source), FIRST_DAY)
    deliveries = {table: _fetch(table, window) for table, window in windows.items()}
    former = find_windows(spark, settings, RAW_TABLES)
    counts = do_in_parallel(
        lambda t: ingest_delivery(spark, settings, t, windows[t], deliveries[t]), deliveries
    )
    changed = [t for t in counts if counts[t]["new"] or t.name not in former]
    finished = do_in_parallel(
        lambda t: _describe(spark, settings, t, windows[t], counts[t]), changed
    )
    record_windows(spark, settings, finished)


def _fetch(table: Table, window: Window) -> pd.DataFrame:
    log.info("fetching %s, %s", table.name, window)
    delivery = SOURCES[table.name](window)
    check_columns(table, delivery)
    return delivery


def ingest_delivery(
    spark: SparkSession, settings: Settings, table: Table, window: Window, delivery: pd.DataFrame
) -> Counter[str]:
    """Writes accepted rows that are new to the raw table, and refused rows to quarantine.

    Returns:
        The numbers of rows that are 'new', 'stored' (by a run before) and 'refused'.
    """
    rows = judge_rows(load_delivery(spark, table, delivery), table, window)
    stored = window.select(spark.table(table.full_name(settings)), table.time)
    rows = compare_with_stored(rows, stored, table)
    counted = rows.groupBy("state").count().collect()
    counts = Counter({row.state: row["count"] for row in counted})
    if counts["refused"]:
        _quarantine(settings, table, rows.where("state = 'refused'"))
    if counts["new"]:
        _append(settings, table, window, rows.where("state = 'new'"))
    log.info("%s: %d rows in, %d refused", table.name, len(delivery), counts["refused"])
    return counts


def compare_with_stored(rows: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Adds `state`: 'refused', 'new', or 'stored' for a row that the table already holds.

    A row whose key is stored with other values is refused: raw facts do not change.
    """
    columns = table.column_names
    digest = hash_row(columns)
    known = stored.select(*table.keys, digest.alias("stored_digest"))
    differs = F.col("stored_digest") != digest
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
    name, kept = table.full_name(settings), rows.select(*table.column_names)
    delta.append_new_rows(name, kept, table.keys, within)


def _quarantine(settings: Settings, table: Table, rows: DataFrame) -> None:
    refused = describe_refused(rows, table).withColumn("as_of", F.lit(settings.as_of))
    delta.append_new_rows(QUARANTINE.full_name(settings), refused, QUARANTINE.keys)


def describe_refused(rows: DataFrame, table: Table) -> DataFrame:
    """Describes refused rows for the quarantine; numbers equal rows, so that each one counts."""
    row = F.to_json(F.struct(*table.column_names))
    reason = F.concat_ws("; ", REASONS)
    described = rows.select(
        F.lit(table.name).alias("source"), reason.alias("reason"), row.alias("row")
    )
    number = F.row_number().over(Over.partitionBy("source", "row").orderBy("reason"))
    row_id = F.sha2(F.concat_ws("\n", "source", "row", number.cast("string")), 256)
    return described.withColumn("row_id", row_id)


def _describe(
    spark: SparkSession, settings: Settings, table: Table, window: Window, counts: Counter[str]
) -> FinishedWindow:
    version = delta.read_version(spark, table.full_name(settings))
    return FinishedWindow(
        window=window,
        inputs="",
        recipe=settings.source,
        table_version=version,
        rows_in=counts.total(),
        rows_kept=counts["new"] + counts["stored"],
        rows_quarantined=counts["refused"],
    )
