"""Finds the next batch of a sink, and the rows of a batch.

A batch is fixed before it is handed on, by versions of the table of predictions and by the model
versions that were rolled back from. So a batch that was cut short is handed on again with the very
same rows, whatever happened since.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from ..inference.tables import PREDICTIONS
from ..inference.views import IN_FORCE, select_in_force
from ..platform import delta
from ..platform.sql import quote_name
from ..registry.champion import list_barred, read_promotions
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import SINK_BATCHES

# Tells an example that has no prediction in force any more; of such a row, the key alone is given.
IS_REMOVED = "is_removed"


class LostFeedError(LookupError):
    """The table of predictions is not the one that a sink was fed from."""


@dataclass(frozen=True)
class Batch:
    """The changes that a sink is handed at once.

    Attributes:
        number: 1 has all predictions in force, each later one what changed since the one before.
        table_id: Delta's id of the table of predictions.
        first_version: The first version of that table whose rows belong to the batch.
        last_version: The last one; the batch tells what is in force as of this version.
        barred_before: The model versions whose predictions did not count before the batch, since
            they were rolled back from.
        barred: Those whose predictions do not count with it.
    """

    sink: str
    number: int
    table_id: str
    first_version: int
    last_version: int
    barred_before: tuple[int, ...]
    barred: tuple[int, ...]


def find_batch(spark: SparkSession, settings: Settings, sink: str) -> Batch | None:
    """Finds the batch that was cut short, or else the next one; None when nothing changed.

    Raises:
        LostFeedError: The table of predictions was made anew since the last batch.
    """
    last = _read_last(spark, settings, sink)
    table_id = delta.read_id(spark, PREDICTIONS.full_name(settings))
    if last and last.table_id != table_id:
        raise LostFeedError(_describe_loss(settings, sink))
    nothing = Batch(sink, 0, table_id, 0, -1, (), ())
    former = _read_batch(last) if last else nothing
    return former if last and last.state == "begun" else _find_next(spark, settings, former)


def _find_next(spark: SparkSession, settings: Settings, former: Batch) -> Batch | None:
    newest = delta.read_version(spark, PREDICTIONS.full_name(settings))
    barred = tuple(list_barred(read_promotions(spark, settings)))
    if (newest, barred) == (former.last_version, former.barred):
        return None
    return replace(
        former,
        number=former.number + 1,
        first_version=former.last_version + 1,
        last_version=newest,
        barred_before=former.barred,
        barred=barred,
    )


def _read_batch(row: Row) -> Batch:
    names = ("sink", "number", "table_id", "first_version", "last_version")
    fixed = {name: row[name] for name in names}
    return Batch(**fixed, barred_before=tuple(row.barred_before), barred=tuple(row.barred))


def _read_last(spark: SparkSession, settings: Settings, sink: str) -> Row | None:
    """Reads the newest row of a sink; "done" follows "begun" in the alphabet too."""
    rows = spark.table(SINK_BATCHES.full_name(settings)).where(F.col("sink") == sink)
    return next(iter(rows.orderBy(F.desc("number"), F.desc("state")).limit(1).collect()), None)


def _describe_loss(settings: Settings, sink: str) -> str:
    table, record = (t.full_name(settings) for t in (PREDICTIONS, SINK_BATCHES))
    return (
        f"{table} was made anew since {sink} was handed rows of it. To hand everything on again,"
        f" delete the rows of {sink} from {record}"
    )


def record_batch(
    spark: SparkSession, settings: Settings, batch: Batch, state: str, rows: int | None = None
) -> None:
    """Records that a batch has begun, or is done."""
    told = {"state": state, "rows": rows, "as_of": settings.as_of}
    now = {"written_at": dt.datetime.now(dt.UTC)}
    row = delta.make_frame(spark, [asdict(batch) | told | now], SINK_BATCHES.struct)
    delta.append_new_rows(SINK_BATCHES.full_name(settings), row, SINK_BATCHES.keys)


def select_rows(spark: SparkSession, settings: Settings, batch: Batch) -> DataFrame:
    """Selects the rows of a batch: the columns of predictions in force, and `IS_REMOVED`.

    There is one row for each example of which a prediction was made, or whose prediction does not
    count any more; the row is the prediction in force.
    """
    if batch.number == 1:
        return _select_in_force(spark, settings, batch).withColumn(IS_REMOVED, F.lit(False))
    changed = _find_changed(spark, settings, batch)
    in_force = _select_in_force(spark, settings, batch, _bound(changed))
    rows = changed.select(*PROBLEM.key).distinct().join(in_force, list(PROBLEM.key), "left")
    is_removed = F.col("model_version").isNull().alias(IS_REMOVED)
    return rows.select(*IN_FORCE, is_removed)


def _select_in_force(
    spark: SparkSession, settings: Settings, batch: Batch, within: str = "TRUE"
) -> DataFrame:
    history = f"{quote_name(PREDICTIONS.full_name(settings))} VERSION AS OF {batch.last_version}"
    versions = ", ".join(map(str, batch.barred))
    barred = f"SELECT explode(CAST(array({versions}) AS ARRAY<INT>)) AS version"
    return spark.sql(select_in_force(history, barred, within))


def _find_changed(spark: SparkSession, settings: Settings, batch: Batch) -> DataFrame:
    """Finds key and event time of the predictions that were made or do not count any more."""
    name, columns = PREDICTIONS.full_name(settings), [*PROBLEM.key, PROBLEM.event_time]
    turned = sorted({*batch.barred_before} ^ {*batch.barred})
    known = spark.read.option("versionAsOf", batch.last_version).table(name)
    changed = known.where(F.col("model_version").isin(turned)).select(*columns)
    if batch.first_version > batch.last_version:
        return changed
    feed = spark.read.option("readChangeFeed", "true")
    feed = feed.option("startingVersion", batch.first_version)
    made = feed.option("endingVersion", batch.last_version).table(name)
    return changed.unionAll(made.select(*columns))


def _bound(changed: DataFrame) -> str:
    """Bounds the event times of rows, so that older files need no reading.

    The event of an example may move within the time from when on the example is known.
    """
    time = PROBLEM.event_time
    ((first, last),) = changed.agg(F.min(time), F.max(time)).collect()
    if first is None:
        return "false"
    begin, end = map(_write_time, (first - PROBLEM.lead, last + PROBLEM.lead))
    return f"{quote_name(time)} BETWEEN {begin} AND {end}"


def _write_time(at: dt.datetime) -> str:
    return f"TIMESTAMP'{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'"
