"""Prints a short account of the runs up to `as_of`, read from the tables that they wrote."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from pyspark.sql import DataFrame, Row
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from ..inference.tables import DAYS_AHEAD, PREDICTIONS, UNSCORED
from ..ingestion.tables import DELIVERIES, QUARANTINE
from ..monitoring.tables import METRICS
from ..platform.kinds import SCORE
from ..platform.missing import NotSetUpError, explain_missing
from ..platform.vocabulary import Table
from ..platform.workspace import Workspace
from ..registry.champion import read_promotions
from ..registry.tables import PROMOTIONS
from ..settings import Settings
from ..sinks.tables import SINK_BATCHES
from ..streaming.tables import STREAM_BATCHES
from ..streaming.task import describe_batch
from ..use_case.problem import PROBLEM
from ..validation.results import Verdict
from ..validation.tables import VALIDATION_RESULTS

NEXT = (
    "Look next: make ui (experiments, versions, and in each run model_card.html), make times,\n"
    "notebooks/explore.py, docs/how-to/gate.md"
)
# Reasons of quarantine that are told of a run.
REASONS = 5
# Coming examples that are told of a run: those with the greatest score.
TOP = 5
Rows = Mapping[dt.date, list[Row]]
# A function that describes the rows of a day, and these rows.
Section = tuple[Callable[[list[Row]], Iterator[str]], Rows]


def print_account(
    workspace: Workspace, parameters: Mapping[str, str], echo: Callable[[str], None]
) -> None:
    """Prints a paragraph for each `as_of` and where to look next.

    Args:
        parameters: The parameters of any task of the last run.
    """
    known = {name: value for name, value in parameters.items() if name in Settings.model_fields}
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    if required - set(known):
        # The job is outside the model's life, as the mirror is.
        return
    try:
        with explain_missing():
            sections = _read_sections(workspace, Settings.model_validate(known))
    except NotSetUpError as fault:
        echo(f"\nNo account of the tables: {fault}")
        return
    for as_of in sorted({day for _, rows in sections for day in rows}):
        echo(f"\nas of {as_of}")
        for describe, rows in sections:
            for line in describe(rows.get(as_of, [])):
                echo(f"  {line}")
    echo(f"\n{NEXT}")


def _read_sections(workspace: Workspace, settings: Settings) -> list[Section]:
    return [
        (describe_ingestion, _read(workspace, settings, DELIVERIES)),
        (describe_quarantine, _read_quarantine_counts(workspace, settings)),
        (describe_decision, _read(workspace, settings, VALIDATION_RESULTS)),
        (describe_promotion, _read_promotions(workspace, settings)),
        (describe_predictions, _read_prediction_counts(workspace, settings)),
        (describe_unscored, _read_unscored_counts(workspace, settings)),
        (describe_top, _read_top(workspace, settings)),
        (describe_stream, _read(workspace, settings, STREAM_BATCHES)),
        (describe_sinks, _read(workspace, settings, SINK_BATCHES)),
        (describe_metrics, _read(workspace, settings, METRICS)),
    ]


def describe_ingestion(rows: list[Row]) -> Iterator[str]:
    """Describes rows in, kept and quarantined, by source."""
    for row in sorted(rows, key=lambda r: r.source):
        yield (
            f"{row.source:12} {row.rows_in:>8,} rows in, {row.rows_kept:>8,} kept,"
            f" {row.rows_quarantined:>4,} quarantined"
        )


def describe_quarantine(rows: list[Row]) -> Iterator[str]:
    """Describes why rows went to quarantine, the most frequent reasons first."""
    counts = [(row.rows, f"of {row.source}: {row.reason}") for row in rows]
    yield from _list_reasons("", counts, QUARANTINE)


def _list_reasons(title: str, counts: list[tuple[int, str]], table: Table) -> Iterator[str]:
    """Lists the most frequent reasons, and how many rows the others have."""
    ordered = sorted(counts, key=lambda counted: (-counted[0], counted[1]))
    for rows, reason in ordered[:REASONS]:
        yield f"{title:12} {rows:>8,} {reason}"
    if ordered[REASONS:]:
        more = sum(rows for rows, _ in ordered[REASONS:])
        yield f"{title:12} {more:>8,} for other reasons: make show TABLE={table.name}"


def describe_decision(rows: list[Row]) -> Iterator[str]:
    """Describes the gate's decision on the version of that day, and each check that blocked it."""
    for row in rows:
        if row.check == "decision" and row.verdict == "passed":
            yield f"{'gate':12} version {row.model_version} accepted: {row.reason}"
        elif row.check == "decision":
            yield f"{'gate':12} version {row.model_version} blocked by"
            yield from _list_blocking(rows, row.model_version)
    for row in rows:
        if row.metric in ("primary", "primary_gain") and not row.slice:
            yield f"{'':12} {row.check}: {row.reason}"
    if rows:
        yield from describe_times(rows)


def _list_blocking(rows: list[Row], version: int) -> Iterator[str]:
    for row in rows:
        blocks = row.check != "decision" and Verdict(row.verdict).blocks
        if blocks and row.model_version == version:
            yield f"{'':14} {' '.join((row.check, row.slice)).strip()}: {row.reason}"


def describe_times(rows: list[Row]) -> Iterator[str]:
    """Describes the seconds of each check, the longest first, without those below 0.1 s."""
    seconds: Counter[str] = Counter()
    for row in rows:
        seconds[row.check] += row.seconds
    seen = [(check, spent) for check, spent in seconds.most_common() if spent >= 0.1]
    split = ", ".join(f"{check} {spent:.1f}" for check, spent in seen)
    yield f"{'':12} {sum(seconds.values()):.1f} s in checks: {split}"


def describe_promotion(rows: list[Row]) -> Iterator[str]:
    """Describes the new champion."""
    for row in rows:
        former = f" after version {row.former_version}" if row.former_version else ""
        yield f"{'champion':12} version {row.model_version}{former}"


def describe_predictions(rows: list[Row]) -> Iterator[str]:
    """Describes how many examples were scored in time and afterwards, and what is expected."""
    for row in sorted(rows, key=lambda r: (r.model_version, not r.is_in_time)):
        when = "before their events" if row.is_in_time else "afterwards"
        yield (
            f"{'predictions':12} {row.rows:>8,} {PROBLEM.nouns} scored {when} by version"
            f" {row.model_version}, {PROBLEM.kind.describe_mean(row.mean)}"
        )


def describe_unscored(rows: list[Row]) -> Iterator[str]:
    """Describes why examples could not be scored, the most frequent reasons first."""
    counts = [(row.rows, f"{PROBLEM.nouns}: {row.reason}") for row in rows]
    yield from _list_reasons("unscored", counts, PREDICTIONS)


def describe_top(rows: list[Row]) -> Iterator[str]:
    """Describes the coming examples with the greatest scores."""
    for place, row in enumerate(sorted(rows, key=lambda r: -r[SCORE])):
        key = ", ".join(str(row[name]) for name in PROBLEM.key if name != PROBLEM.event_time)
        at = f"{row[PROBLEM.event_time]:%Y-%m-%d %H:%M} UTC"
        title = "" if place else PROBLEM.kind.top
        yield f"{title:12} {PROBLEM.kind.describe(row.asDict())}: {key}, {at}"


def describe_stream(rows: list[Row]) -> Iterator[str]:
    """Describes what the stream's micro-batches brought."""
    for row in sorted(rows, key=lambda r: (r.written_at, r.number)):
        yield f"{'stream':12} {describe_batch(row)}"


def describe_sinks(rows: list[Row]) -> Iterator[str]:
    """Describes what each sink was handed, and what was cut short."""
    done = {(row.sink, row.number): row.rows for row in rows if row.state == "done"}
    for sink, number in sorted({(row.sink, row.number) for row in rows}):
        told = done.get((sink, number))
        what = "cut short" if told is None else f"{told:,} {PROBLEM.nouns}"
        yield f"{'sinks':12} {sink}, batch {number}: {what}"


def describe_metrics(rows: list[Row]) -> Iterator[str]:
    """Describes performance where labels have arrived, and the columns that drifted."""
    metric = PROBLEM.kind.primary.name
    labelled = {
        (row.window_start, row.model_version, row.subject): row.value
        for row in rows
        if row.statistic == "labels"
    }
    for row in sorted(rows, key=lambda r: (r.window_start, r.model_version, r.subject)):
        if row.kind == "performance" and row.statistic == "primary" and row.value is not None:
            span = f"{row.window_start:%Y-%m-%d} to {row.window_end:%Y-%m-%d}"
            labels = labelled[row.window_start, row.model_version, row.subject]
            yield (
                f"{'monitoring':12} {metric} {row.value:.3f} for {span},"
                f" version {row.model_version}, {labels:,.0f} {PROBLEM.nouns} {row.subject}"
            )
    for row in sorted(rows, key=lambda r: r.subject):
        if row.statistic == "without_features" and row.value:
            yield f"{'':12} {row.value:>8,.0f} {PROBLEM.nouns} without features of {row.subject}"
    drifted = sorted({row.subject for row in rows if row.alert})
    if rows:
        yield f"{'':12} drift beyond training's own: {', '.join(drifted) or 'none'}"


def _read(workspace: Workspace, settings: Settings, table: Table) -> Rows:
    return _group(_open(workspace, settings, table).collect())


def _open(workspace: Workspace, settings: Settings, table: Table) -> DataFrame:
    """The rows up to `as_of`; none where the run was cut short before it made the table."""
    name = table.full_name(settings)
    if not workspace.spark.catalog.tableExists(name):
        return workspace.spark.createDataFrame([], table.struct)
    rows = workspace.spark.table(name)
    return rows.where(F.col("as_of") <= F.lit(settings.as_of))


def _read_quarantine_counts(workspace: Workspace, settings: Settings) -> Rows:
    refused = _open(workspace, settings, QUARANTINE)
    counts = refused.groupBy("as_of", "source", "reason").agg(F.count("*").alias("rows"))
    return _group(counts.collect())


def _read_promotions(workspace: Workspace, settings: Settings) -> Rows:
    if not workspace.spark.catalog.tableExists(PROMOTIONS.full_name(settings)):
        return {}
    promotions = read_promotions(workspace.spark, settings)
    return _group([row for row in promotions if row.as_of <= settings.as_of])


def _read_prediction_counts(workspace: Workspace, settings: Settings) -> Rows:
    predictions = _open(workspace, settings, PREDICTIONS).where(F.isnull(UNSCORED))
    in_time = F.col(DAYS_AHEAD).isNotNull().alias("is_in_time")
    counts = predictions.groupBy("as_of", "model_version", in_time).agg(
        F.count("*").alias("rows"), F.avg(SCORE).alias("mean")
    )
    return _group(counts.collect())


def _read_unscored_counts(workspace: Workspace, settings: Settings) -> Rows:
    unscored = _open(workspace, settings, PREDICTIONS).where(F.isnotnull(UNSCORED))
    reason = F.col(UNSCORED).alias("reason")
    return _group(unscored.groupBy("as_of", reason).agg(F.count("*").alias("rows")).collect())


def _read_top(workspace: Workspace, settings: Settings) -> Rows:
    predictions = _open(workspace, settings, PREDICTIONS).where(F.isnull(UNSCORED))
    in_time = predictions.where(F.col(DAYS_AHEAD).isNotNull())
    by_score = Over.partitionBy("as_of").orderBy(F.desc(SCORE), *PROBLEM.key)
    ranked = in_time.withColumn("rank of score", F.row_number().over(by_score))
    return _group(ranked.where(F.col("rank of score") <= TOP).collect())


def _group(rows: Sequence[Row]) -> Rows:
    groups: dict[dt.date, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.as_of, []).append(row)
    return groups
