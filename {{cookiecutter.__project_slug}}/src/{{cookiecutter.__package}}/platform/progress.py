"""The record of which window of which table is finished."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from ..settings import Settings
from . import delta
from .tables import WINDOWS
from .vocabulary import Table
from .windows import Window

TableKind = TypeVar("TableKind", bound=Table)


@dataclass(frozen=True, kw_only=True)
class FinishedWindow:
    """A finished window, as the table `windows` records it; see the columns of that table."""

    window: Window
    inputs: str
    recipe: str
    table_version: int
    rows_in: int = 0
    rows_kept: int = 0
    rows_quarantined: int = 0


def open_windows(
    spark: SparkSession, settings: Settings, recipes: Mapping[TableKind, str], first: dt.datetime
) -> dict[TableKind, Window]:
    """Returns the window that the run owes to each table: from the run before it up to `as_of`.

    A repeated `as_of` gets the same windows again. A table without an earlier window of the same
    recipe is owed everything from `first` on.

    Args:
        recipes: What the rows of each table are made by and from; see the table `windows`.
    """
    earlier = spark.table(WINDOWS.full_name(settings)).where(F.col("as_of") < F.lit(settings.as_of))
    last = F.max_by(F.struct("window_end", "recipe"), "as_of").alias("last")
    rows = earlier.groupBy("table").agg(last).select("table", "last.*").collect()
    ends = {(row.table, row.recipe): row.window_end.astimezone(dt.UTC) for row in rows}
    return {
        table: Window(ends.get((table.name, recipe), first), settings.cutoff)
        for table, recipe in recipes.items()
    }


def find_windows(
    spark: SparkSession, settings: Settings, tables: Sequence[Table]
) -> dict[str, FinishedWindow]:
    """Finds the windows of some tables that a run of this `as_of` has finished, by table name.

    The window of a raw table counts only where its rows came from the source that the run reads.
    """
    raw = [table.name for table in tables if table.is_raw]
    others = [table.name for table in tables if not table.is_raw]
    name, same_source = F.col("table"), F.col("recipe") == settings.source
    wanted = (name.isin(raw) & same_source) | name.isin(others)
    of_run = F.col("as_of") == F.lit(settings.as_of)
    rows = spark.table(WINDOWS.full_name(settings)).where(of_run & wanted).collect()
    return {row.table: _read_finished(row) for row in rows}


def _read_finished(row: Row) -> FinishedWindow:
    start, end = row.window_start.astimezone(dt.UTC), row.window_end.astimezone(dt.UTC)
    return FinishedWindow(
        window=Window(start, end),
        inputs=row.inputs,
        recipe=row.recipe,
        table_version=row.table_version,
        rows_in=row.rows_in,
        rows_kept=row.rows_kept,
        rows_quarantined=row.rows_quarantined,
    )


def get_table_version(
    finished: Mapping[str, FinishedWindow], table: Table, settings: Settings
) -> int:
    """Returns the Delta version that a table had after the run's window.

    Raises:
        LookupError: The run has not finished that table's window.
    """
    if table.name not in finished:
        raise LookupError(
            f"{table.name} has no window as of {settings.as_of}: run the jobs before this one"
            " first, or the job lifecycle"
        )
    return finished[table.name].table_version


def record_windows(
    spark: SparkSession, settings: Settings, finished: Mapping[TableKind, FinishedWindow]
) -> None:
    """Records finished windows in one transaction; a repeated window replaces its record."""
    rows = [_describe_row(settings, table, done) for table, done in finished.items()]
    if rows:
        frame = delta.make_frame(spark, rows, WINDOWS.struct)
        delta.upsert_rows(WINDOWS.full_name(settings), frame, WINDOWS.keys)


def _describe_row(settings: Settings, table: Table, done: FinishedWindow) -> dict[str, object]:
    return {
        "table": table.name,
        "as_of": settings.as_of,
        "window_start": done.window.start,
        "window_end": done.window.end,
        "inputs": done.inputs,
        "recipe": done.recipe,
        "table_version": done.table_version,
        "rows_in": done.rows_in,
        "rows_kept": done.rows_kept,
        "rows_quarantined": done.rows_quarantined,
    }
