"""The record of what each table holds, by day of its time, and of what made those rows.

A day is current when today's code would make it of what its source holds now. So no order of
runs, releases, sources and late rows leaves a wrong day: whatever differs is made anew. The record
of a day is removed before its rows change, and written after them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ..settings import to_instant
from . import delta
from .fingerprint import digest_facts
from .tables import FEATURE_DAYS
from .vocabulary import Table
from .windows import Window

DAY = dt.timedelta(days=1)
TableKind = TypeVar("TableKind", bound=Table)


@dataclass(frozen=True)
class Day:
    """The record of a table's rows of one day; the table `days` describes the fields."""

    rows: int = 0
    digest: str = ""
    made_from: str = ""


# By the day of the rows' time, in UTC.
Days = Mapping[dt.date, Day]


def read_days(
    spark: SparkSession, record: str, tables: Sequence[TableKind]
) -> dict[TableKind, dict[dt.date, Day]]:
    """Reads what each of some tables holds.

    Args:
        record: `catalog.schema.days` of the schema that the tables are in.
    """
    known = {table.name: table for table in tables}
    found: dict[TableKind, dict[dt.date, Day]] = {table: {} for table in tables}
    for row in spark.table(record).where(F.col("table").isin(*known)).collect():
        found[known[row.table]][row.day] = Day(row.rows, row.digest, row.made_from)
    return found


def forget_days(
    spark: SparkSession, record: str, changing: Mapping[TableKind, Iterable[dt.date]]
) -> None:
    """Removes the record of days whose rows are about to change, in one transaction."""
    rows = [(table.name, day) for table, days in changing.items() for day in days]
    if rows:
        delta.delete_rows(record, spark.createDataFrame(rows, "`table` string, day date"))


def record_days(spark: SparkSession, record: str, held: Mapping[TableKind, Days]) -> None:
    """Records days of some tables in one transaction; a day that is recorded is replaced."""
    rows = [
        {"table": table.name, "day": day, **asdict(of_day)}
        for table, days in held.items()
        for day, of_day in days.items()
    ]
    if rows:
        frame = delta.make_frame(spark, rows, FEATURE_DAYS.struct)
        delta.upsert_rows(record, frame, FEATURE_DAYS.keys)


def summarise_days(rows: DataFrame, table: Table, window: Window) -> dict[dt.date, Day]:
    """Summarises what a table holds of each day of a window, a day without rows included."""
    digest = F.sum(delta.digest_row(table.column_names).cast("decimal(38)"))
    counted = window.select(rows, table.time).groupBy(F.to_date(table.time).alias("day"))
    found = counted.agg(F.count("*").alias("rows"), digest.alias("digest")).collect()
    held = {row.day: Day(row.rows, f"{row.rows} rows {row.digest}") for row in found}
    return {day: held.get(day, Day(digest="0 rows")) for day in list_days(window)}


def digest_days(held: Days, before: dt.date) -> str:
    """Digests what a table holds of the days before a date."""
    return digest_facts([(day, held[day].digest) for day in sorted(held) if day < before])


def list_days(window: Window) -> Iterator[dt.date]:
    """Lists the days of a window."""
    for number in range((window.end - window.start).days):
        yield window.start.date() + number * DAY


def join_days(days: Iterable[dt.date]) -> Iterator[Window]:
    """Joins days to the windows that they make up."""
    first = last = None
    for day in sorted(days):
        if first and last and day > last + DAY:
            yield Window(to_instant(first), to_instant(last + DAY))
            first = day
        first, last = first or day, day
    if first and last:
        yield Window(to_instant(first), to_instant(last + DAY))
