"""The task `ingestion`: a window's deliveries into raw tables and quarantine."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ..platform import delta
from ..platform.days import (
    DAY,
    Day,
    Days,
    forget_days,
    join_days,
    list_days,
    read_days,
    record_days,
    summarise_days,
)
from ..platform.parallel import do_in_parallel
from ..platform.sources import Context
from ..platform.tables import RAW_DAYS
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import ParameterError, Settings, to_instant
from ..use_case.problem import PROBLEM
from ..use_case.sources import SOURCES
from ..use_case.tables import RAW_TABLES
from .contracts import NUMBER, REASONS, check_delivery, judge_rows, load_delivery
from .deliveries import Delivery, stage
from .quarantine import describe_refused
from .tables import DELIVERIES, QUARANTINE

log = logging.getLogger(__name__)

# For so long, later runs ask again for a day that has too few rows.
PATIENCE = 30 * DAY
STORED, STATE = "stored digest", "row state"
# The volume, beside the raw tables, where other systems put their files.
LANDING = "landing"


class OldSourceError(ValueError):
    """The last row of a source is older than its contract allows."""


@dataclass
class Counts:
    """How many rows of a delivery have each state, and the days that get new rows."""

    states: Counter[str] = field(default_factory=Counter)
    new_days: set[dt.date] = field(default_factory=set)


def ingest(workspace: Workspace, settings: Settings) -> None:
    """Ingests what every source owes; a repetition changes nothing.

    Nothing is written before the columns of every delivery have passed.

    Raises:
        ContractError: A delivery's shape is not that of its contract.
        OldSourceError: The last row of a source is too old, and its contract stops the run.
        ParameterError: `as_of` lies before the data.
    """
    if settings.cutoff <= PROBLEM.first_day:
        first = f"{PROBLEM.first_day:%Y-%m-%d}"
        raise ParameterError(
            f"as_of {settings.as_of} is not after the first day of the data, {first}"
        )
    spark, context = workspace.spark, make_context(workspace, settings)
    held = read_days(spark, RAW_DAYS.full_name(settings), RAW_TABLES)
    former = read_former_starts(spark, settings)
    fetched = {t: fetch(context, settings, t, held[t], former.get(t.name)) for t in RAW_TABLES}
    with stage(settings, fetched) as deliveries:
        take_in(spark, settings, deliveries, held)
    for table in RAW_TABLES:
        check_age(spark, settings, table)


def make_context(workspace: Workspace, settings: Settings) -> Context:
    """Makes the context that the sources of a target fetch rows with."""
    landing = workspace.volumes.joinpath(*settings.raw.split("."), LANDING)
    return Context(workspace.spark, workspace.secrets, landing, settings.source_schemas)


def take_in(
    spark: SparkSession,
    settings: Settings,
    deliveries: Mapping[Table, Delivery],
    held: Mapping[Table, Days],
) -> None:
    """Judges the rows of deliveries, and writes them and the records of the run."""
    judged = do_in_parallel(lambda t: judge_delivery(spark, settings, t, deliveries[t]), deliveries)
    counts = do_in_parallel(lambda t: count_rows(judged[t], t), judged)
    write_quarantine(settings, deliveries, judged, counts)
    # Before the days: a run that is cut short in between is repeated with its former windows.
    write_deliveries(spark, settings, deliveries, counts)
    write_rows(spark, settings, deliveries, judged, counts, held)


def read_former_starts(spark: SparkSession, settings: Settings) -> dict[str, dt.datetime]:
    """Reads where the windows of a former run of this `as_of` began, by source."""
    rows = spark.table(DELIVERIES.full_name(settings)).where(F.col("as_of") == settings.as_of)
    return {row.source: row.window_start.astimezone(dt.UTC) for row in rows.collect()}


def fetch(
    context: Context, settings: Settings, table: Table, held: Days, former: dt.datetime | None
) -> Delivery:
    """Asks a source for what its table is owed, and for the lookback before."""
    window = find_window(settings, table, held, former)
    asked = Window(max(PROBLEM.first_day, window.start - table.lookback_days * DAY), window.end)
    log.info("fetching %s, %s", table.name, asked)
    rows = SOURCES[table.name](context, asked)
    check_delivery(table, rows)
    return Delivery(window, asked, rows)


def find_window(settings: Settings, table: Table, held: Days, former: dt.datetime | None) -> Window:
    """Finds what a table is owed: from its first day that is not finished, up to `as_of`.

    A repeated `as_of` gets its former window again.
    """
    whole = Window(PROBLEM.first_day, settings.cutoff)
    recent = settings.as_of - PATIENCE
    owed = (
        day
        for day in list_days(whole)
        if day not in held or (day >= recent and held[day].rows < table.least_rows)
    )
    first = to_instant(next(owed, settings.as_of))
    return Window(min(first, former or first), settings.cutoff)


def judge_delivery(
    spark: SparkSession, settings: Settings, table: Table, delivery: Delivery
) -> DataFrame:
    """Judges a delivery by its contract and by what the table holds."""
    loaded = load_delivery(spark, table, delivery.rows)
    stored = delivery.asked.select(spark.table(table.full_name(settings)), table.time)
    return compare_with_stored(judge_rows(loaded, table, delivery.asked), stored, table)


def compare_with_stored(rows: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Adds `STATE`: 'refused', 'new', or 'stored' for a row that the table already holds.

    A row whose key is stored with other values is refused: raw facts do not change. A key that
    moved is found where both its times lie in the window that the source was asked for.
    """
    digest = delta.digest_row(table.column_names)
    known = stored.select(*table.keys, digest.alias(STORED))
    differs = F.col(STORED) != digest
    reason = F.when(differs, F.lit(f"{'+'.join(table.keys)}: stored with other values"))
    reasons = F.array_compact(F.array_append(REASONS, reason))
    joined = rows.join(known, list(table.keys), "left").withColumn(REASONS, reasons)
    state = (
        F.when(F.size(REASONS) > 0, "refused")
        .when(F.col(STORED).isNotNull(), "stored")
        .otherwise("new")
    )
    return joined.select(*table.column_names, NUMBER, REASONS, state.alias(STATE))


def count_rows(judged: DataFrame, table: Table) -> Counts:
    """Counts the rows that are 'new', 'stored' (by a run before) and 'refused', of each day."""
    of_day = judged.groupBy(STATE, F.to_date(table.time).alias("day")).count().collect()
    counts = Counts()
    for row in of_day:
        counts.states[row[STATE]] += row["count"]
        if row[STATE] == "new":
            counts.new_days.add(row["day"])
    return counts


def write_quarantine(
    settings: Settings,
    deliveries: Mapping[Table, Delivery],
    judged: Mapping[Table, DataFrame],
    counts: Mapping[Table, Counts],
) -> None:
    """Appends the refused rows of all sources that the quarantine does not hold yet."""
    refused = {
        table: rows.where(F.col(STATE) == "refused")
        for table, rows in judged.items()
        if counts[table].states["refused"]
    }
    # In one transaction: sources that wrote side by side would be in each other's way.
    described = [describe_refused(r, table, deliveries[table].rows) for table, r in refused.items()]
    if described:
        rows = reduce(DataFrame.unionByName, described).withColumn("as_of", F.lit(settings.as_of))
        delta.append_new_rows(QUARANTINE.full_name(settings), rows, QUARANTINE.keys)


def write_rows(
    spark: SparkSession,
    settings: Settings,
    deliveries: Mapping[Table, Delivery],
    judged: Mapping[Table, DataFrame],
    counts: Mapping[Table, Counts],
    held: Mapping[Table, Days],
) -> None:
    """Appends new rows, and records what their days, and days without rows, then hold."""
    record = RAW_DAYS.full_name(settings)
    changing = {table: counts[table].new_days for table in judged if counts[table].new_days}
    forget_days(spark, record, {t: days & held[t].keys() for t, days in changing.items()})
    do_in_parallel(lambda t: _append(settings, t, deliveries[t].asked, judged[t]), changing)
    missing = {t: {*list_days(d.window)} - held[t].keys() for t, d in deliveries.items()}
    due = {t: counts[t].new_days | days for t, days in missing.items()}
    summarised = do_in_parallel(lambda t: _summarise(spark, settings, t, due[t]), due)
    record_days(spark, record, summarised)


def _append(settings: Settings, table: Table, window: Window, judged: DataFrame) -> None:
    rows = judged.where(F.col(STATE) == "new").select(*table.column_names)
    within = window.contains(f"{table.name}.{table.time}")
    delta.append_new_rows(table.full_name(settings), rows, table.keys, within)


def _summarise(
    spark: SparkSession, settings: Settings, table: Table, days: Iterable[dt.date]
) -> dict[dt.date, Day]:
    rows, held = spark.table(table.full_name(settings)), dict[dt.date, Day]()
    for window in join_days(days):
        held |= summarise_days(rows, table, window)
    return held


def write_deliveries(
    spark: SparkSession,
    settings: Settings,
    deliveries: Mapping[Table, Delivery],
    counts: Mapping[Table, Counts],
) -> None:
    """Records what a run asked of each source; equal counts change nothing."""
    rows = [
        {
            "source": table.name,
            "as_of": settings.as_of,
            "window_start": delivery.window.start,
            "asked_from": delivery.asked.start,
            "window_end": delivery.window.end,
            "rows_in": counts[table].states.total(),
            "rows_kept": counts[table].states["new"] + counts[table].states["stored"],
            "rows_quarantined": counts[table].states["refused"],
        }
        for table, delivery in deliveries.items()
    ]
    for row in rows:
        log.info("%(source)s: %(rows_in)d rows in, %(rows_quarantined)d refused", row)
    frame = delta.make_frame(spark, rows, DELIVERIES.struct)
    name, of_run = DELIVERIES.full_name(settings), F.col("deliveries.as_of") == settings.as_of
    if delta.differ(frame, spark.table(name).where(of_run)):
        delta.replace_rows(name, frame, DELIVERIES.keys, of_run)


def check_age(spark: SparkSession, settings: Settings, table: Table) -> None:
    """Tells when the last row of a table is older than its contract allows.

    Raises:
        OldSourceError: The contract stops the run.
    """
    if table.greatest_age is None:
        return
    recent = Window(settings.cutoff - table.greatest_age, settings.cutoff)
    if not recent.select(spark.table(table.full_name(settings)), table.time).isEmpty():
        return
    told = (
        f"{table.name}: no row since {recent.start:%Y-%m-%d}; the contract allows an age of"
        f" {table.greatest_age}; ask {table.owner}"
    )
    if table.stops:
        raise OldSourceError(told)
    log.warning(told)
