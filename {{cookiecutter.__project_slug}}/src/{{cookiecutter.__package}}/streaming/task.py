"""The task `streaming`: scores the examples that have arrived since the last run."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from uuid import uuid4

from pyspark.errors import StreamingQueryException
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from ..inference.scoring import NoChampionError
from ..platform.workspace import Workspace
from ..registry.champion import read_promotions
from ..settings import Settings, StreamSettings
from ..use_case.problem import PROBLEM
from .arrivals import Scorer
from .tables import STREAM_BATCHES

log = logging.getLogger(__name__)

# The volume, beside the tables of models, where the stream keeps how far it has come.
CHECKPOINTS = "checkpoints"
SECONDS_BETWEEN_MESSAGES = 10
# The last line of a traceback; Spark tells the whole traceback, and after it of the query.
FAULT = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception): .+)$", re.MULTILINE)


class StreamError(RuntimeError):
    """A micro-batch failed, and nothing of it counts as scored."""


def score_stream(workspace: Workspace, settings: StreamSettings) -> None:
    """Scores what has arrived, in micro-batches, each of them once; then ends, or waits for more.

    Raises:
        NoChampionError: No version was ever promoted, so the stream has not begun.
        StreamError: A micro-batch failed; the next run begins with that one.
    """
    if not read_promotions(workspace.spark, settings):
        raise NoChampionError(
            f"{settings.model_name} has no champion yet: run the job lifecycle first"
        )
    checkpoint = workspace.volumes.joinpath(*settings.models.split("."), CHECKPOINTS, "streaming")
    stream = identify_stream(checkpoint)
    first = find_next(workspace.spark, settings, stream)
    wait(start_query(workspace, settings, checkpoint, stream))
    for row in read_batches(workspace.spark, settings, stream, first):
        log.info(describe_batch(row))


def identify_stream(checkpoint: Path) -> str:
    """Reads the id of a checkpoint; a new one gets one.

    Delta leaves out a write whose number it has from the same writer. A new checkpoint counts from
    0 again, so it must be another writer.
    """
    file = checkpoint / "stream_id"
    if not file.exists():
        checkpoint.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.write_text(uuid4().hex)
        draft.replace(file)
    return file.read_text()


def start_query(
    workspace: Workspace, settings: StreamSettings, checkpoint: Path, stream: str
) -> StreamingQuery:
    """Starts the query; it ends when all that is there now was scored, unless it is continuous."""
    arrivals = workspace.spark.readStream.table(PROBLEM.examples.source_name(settings))
    writer = arrivals.writeStream.foreachBatch(Scorer(workspace.reopen, settings, stream))
    writer = writer.option("checkpointLocation", str(checkpoint))
    if settings.is_continuous:
        return writer.trigger(processingTime="0 seconds").start()
    return writer.trigger(availableNow=True).start()


def wait(query: StreamingQuery) -> None:
    """Waits for the end of a query, and tells how far it has come."""
    try:
        while not query.awaitTermination(SECONDS_BETWEEN_MESSAGES):
            log.info("scoring what has arrived: %s", query.status["message"])
    except StreamingQueryException as fault:
        raise StreamError(
            f"{find_cause(str(fault))}\nthe next run begins with the micro-batch that failed"
        ) from fault
    finally:
        query.stop()


def find_cause(told: str) -> str:
    """Finds in what Spark tells of a failed query what the function of the stream raised."""
    about_function = told.split("=== Streaming Query ===", maxsplit=1)[0]
    raised: list[str] = FAULT.findall(about_function)
    return raised[-1] if raised else about_function.strip()


def find_next(spark: SparkSession, settings: Settings, stream: str) -> int:
    """Finds the number that follows the last recorded micro-batch of a stream."""
    rows = spark.table(STREAM_BATCHES.full_name(settings)).where(F.col("stream") == stream)
    ((last,),) = rows.agg(F.max("number")).collect()
    return 0 if last is None else int(last) + 1


def read_batches(spark: SparkSession, settings: Settings, stream: str, first: int) -> list[Row]:
    """Reads the recorded micro-batches from a number on."""
    rows = spark.table(STREAM_BATCHES.full_name(settings))
    later = (F.col("stream") == stream) & (F.col("number") >= first)
    return rows.where(later).orderBy("number").collect()


def describe_batch(row: Row) -> str:
    """Describes what came of a micro-batch."""
    by = f", scored by version {row.model_version}"
    return (
        f"micro-batch {row.number}: {row.arrived:,} rows arrived, {row.ahead:,} {PROBLEM.nouns}"
        f" ahead of their prediction{by if row.model_version else '; there was no champion yet'}"
    )
