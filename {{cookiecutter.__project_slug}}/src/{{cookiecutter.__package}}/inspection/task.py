"""The task `inspection`: reads the tables that the run of `as_of` wrote, and names the faults."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Row
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..inference.tables import PREDICTIONS, UNSCORED
from ..inference.task import find_due, get_reach
from ..ingestion.tables import DELIVERIES, QUARANTINE
from ..monitoring.tables import METRICS
from ..platform.kinds import SCORE
from ..platform.vocabulary import Table
from ..platform.workspace import Workspace
from ..registry.champion import CHAMPION, find_champion, read_promotions
from ..registry.periods import get_scoring_window
from ..registry.versions import find_alias, find_version_of
from ..settings import Settings
from ..use_case.problem import PROBLEM
from ..use_case.tables import FEATURE_TABLES, RAW_TABLES
from ..validation.tables import VALIDATION_RESULTS


class InspectionError(AssertionError):
    """The tables of a run are wrong; each fault has its line."""


def inspect(workspace: Workspace, settings: Settings) -> None:
    """Reads every table that the run wrote.

    Raises:
        InspectionError: Rows are missing, or there twice, or two tables contradict each other.
    """
    faults = [fault for find in INSPECTIONS for fault in find(workspace, settings)]
    if faults:
        raise InspectionError("\n".join(faults))


def find_raw_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """Raw tables: every row of a delivery was kept, or is in quarantine."""
    if not settings.owns_sources:
        return
    deliveries = workspace.spark.table(DELIVERIES.full_name(settings))
    of_run = deliveries.where(F.col("as_of") == F.lit(settings.as_of)).collect()
    finished = {row.source: row for row in of_run}
    for table in RAW_TABLES:
        if table.name not in finished:
            yield f"{table.name}: no delivery of {settings.as_of} is recorded"
            continue
        done = finished[table.name]
        there = count_rows(workspace, settings, table, done)
        refused = count_refused(workspace, settings, table)
        fits = done.rows_in == done.rows_kept + done.rows_quarantined
        if not fits or there < done.rows_kept or refused < done.rows_quarantined:
            yield (
                f"{table.name}: {done.rows_in} rows came in, {there} are there and {refused} in"
                " quarantine"
            )


def count_rows(workspace: Workspace, settings: Settings, table: Table, delivery: Row) -> int:
    """Counts the rows of the time that a source was asked for."""
    rows = workspace.spark.table(table.full_name(settings))
    return rows.where(F.col(table.time).between(delivery.asked_from, delivery.window_end)).count()


def count_refused(workspace: Workspace, settings: Settings, table: Table) -> int:
    """Counts the rows of a source in quarantine, whichever run saw them first."""
    rows = workspace.spark.table(QUARANTINE.full_name(settings))
    return rows.where(F.col("source") == table.name).count()


def find_feature_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """Feature tables: of this code and these facts, with rows in the window, each key once.

    A table whose keys leave its time out has rows of any time.
    """
    try:
        read_current(workspace.spark, settings, settings.as_of)
    except LookupError as fault:
        yield str(fault)
    window = get_scoring_window(settings.as_of, settings.window_days)
    for table in FEATURE_TABLES:
        rows = workspace.spark.table(table.full_name(settings))
        if table.has_time_key:
            rows = window.select(rows, table.time)
        found, keys = rows.count(), rows.select(*table.keys).distinct().count()
        if found == 0:
            yield f"{table.name}: no row of {window if table.has_time_key else 'any time'}"
        if found != keys:
            yield f"{table.name}: {found} rows for {keys} keys"


def find_version_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """The registry: a version was trained, and the gate decided on it."""
    try:
        version = find_version_of(workspace.mlflow, settings)
    except LookupError as missing:
        yield str(missing)
        return
    results = workspace.spark.table(VALIDATION_RESULTS.full_name(settings))
    decision = (F.col("model_version") == version) & (F.col("check") == "decision")
    if results.where(decision).isEmpty():
        yield f"version {version} was not judged"


def find_champion_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """The alias names the version that was promoted last."""
    promotions = read_promotions(workspace.spark, settings)
    if not promotions:
        yield f"{settings.model_name}: no version was ever promoted"
        return
    named, last = find_alias(workspace.mlflow, settings.model_name, CHAMPION), promotions[-1]
    if named != last.model_version:
        yield (
            f"{settings.model_name}: the alias {CHAMPION} names version {named or 'none'}, the last"
            f" promotion {last.model_version}"
        )


def find_prediction_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """The champion has scored all that it owes, each example once, by scores in their range."""
    version = find_champion(workspace.spark, settings)
    if version is None:
        return
    left = find_due(workspace, settings, version).count()
    if left:
        yield f"predictions: version {version} has not scored {left} {PROBLEM.nouns}"
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    predictions = get_reach(settings).select(stored, PREDICTIONS.time)
    counts = predictions.groupBy(*PREDICTIONS.keys).count()
    repeated = counts.where("count > 1").count()
    if repeated:
        yield f"predictions: {repeated} are there several times"
    possible = F.col(SCORE).between(*PROBLEM.kind.score_range)
    impossible = predictions.where(F.isnull(UNSCORED)).where(F.isnull(SCORE) | ~possible)
    if not impossible.isEmpty():
        yield f"predictions: {impossible.count()} are not {PROBLEM.kind.scores_are}"


def find_metric_faults(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """Monitoring recorded how many examples the champion scored."""
    version = find_champion(workspace.spark, settings)
    metrics = workspace.spark.table(METRICS.full_name(settings))
    of_run = (F.col("as_of") == F.lit(settings.as_of)) & (F.col("model_version") == F.lit(version))
    if metrics.where(of_run & (F.col("kind") == "volume")).isEmpty():
        yield f"metrics: none of {settings.as_of} for version {version}"


INSPECTIONS = (
    find_raw_faults,
    find_feature_faults,
    find_version_faults,
    find_champion_faults,
    find_prediction_faults,
    find_metric_faults,
)
