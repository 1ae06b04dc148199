"""Windows of time, and the record of which window of which table is finished.

A window is half-open, [start, end), and depends on `as_of` and the record, never on the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from ..settings import Settings
from ..use_case.tables import RAW_TABLES
from . import delta
from .tables import WINDOWS
from .vocabulary import Table
from .windows import Window


def open_windows(
    spark: SparkSession,
    settings: Settings,
    tables: Sequence[Table],
    first: dt.datetime,
    recipe: str,
) -> dict[Table, Window]:
    """The window a run owes to each table: from the run before it, or from `first`, to `as_of`.

    A repeated `as_of` gets the same windows again. What was made otherwise is made anew, from
    `first` on.

    Args:
        recipe: What the rows are made by and from; see the table `windows`.
    """
    earlier = spark.table(WINDOWS.full_name(settings)).where(F.col("as_of") < F.lit(settings.as_of))
    last = F.max_by(F.struct("window_end", "recipe"), "as_of").alias("last")
    rows = earlier.groupBy("table").agg(last).select("table", "last.*").collect()
    starts = {row.table: row.window_end.astimezone(dt.UTC) for row in rows if row.recipe == recipe}
    return {t: Window(starts.get(t.name, first), settings.cutoff) for t in tables}


@dataclass(frozen=True)
class FinishedWindow:
    """What is recorded of a finished window; see the columns of the table `windows`."""

    window: Window
    inputs: str
    recipe: str
    table_version: int
    rows_in: int
    rows_kept: int
    rows_quarantined: int = 0


def find_windows(spark: SparkSession, settings: Settings) -> dict[str, FinishedWindow]:
    """The windows that a run of this `as_of` finished before, by table.

    Those of raw tables only where they are of the source that the run reads.
    """
    raw = F.col("table").isin(*(table.name for table in RAW_TABLES))
    relevant = (F.col("as_of") == F.lit(settings.as_of)) & (
        ~raw | (F.col("recipe") == settings.source)
    )
    rows = spark.table(WINDOWS.full_name(settings)).where(relevant).collect()
    return {row.table: _read_finished(row) for row in rows}


def _read_finished(row: Row) -> FinishedWindow:
    return FinishedWindow(
        Window(row.window_start.astimezone(dt.UTC), row.window_end.astimezone(dt.UTC)),
        row.inputs,
        row.recipe,
        row.table_version,
        row.rows_in,
        row.rows_kept,
        row.rows_quarantined,
    )


def get_table_version(
    finished: Mapping[str, FinishedWindow], table: Table, settings: Settings
) -> int:
    """The Delta version of a table after the run's window.

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
    spark: SparkSession, settings: Settings, finished: Mapping[Table, FinishedWindow]
) -> None:
    """Records finished windows, in one transaction; records of repeated ones are replaced."""
    rows = [
        (
            table.name,
            settings.as_of,
            done.window.start,
            done.window.end,
            done.inputs,
            done.recipe,
            done.table_version,
            done.rows_in,
            done.rows_kept,
            done.rows_quarantined,
        )
        for table, done in finished.items()
    ]
    if rows:
        frame = delta.make_frame(spark, rows, WINDOWS.struct)
        delta.upsert_rows(WINDOWS.full_name(settings), frame, WINDOWS.keys)
