"""Scores the examples that arrive in a micro-batch of a stream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..inference.scoring import make_predictions
from ..inference.tables import DAYS_AHEAD, PREDICTIONS
from ..platform import delta
from ..platform.examples import JUST_BEFORE
from ..platform.problem import PREDICTION_TIME
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.champion import find_champion
from ..registry.loading import load_model
from ..registry.training_sets import read_examples
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import STREAM_BATCHES

# The champion changes seldom, and micro-batches come often.
load_once = lru_cache(maxsize=1)(load_model)


@dataclass(frozen=True)
class MicroBatch:
    """The rows of the table of examples that arrive together.

    Attributes:
        stream: The id of the stream's checkpoint.
        number: 0, 1, 2, in order; a micro-batch that comes again has its former number.
        count: The number of rows.
        known_until: When the last row was known.
        window: From the first event to after the last one.
    """

    stream: str
    number: int
    rows: DataFrame
    count: int
    known_until: dt.datetime
    window: Window


@dataclass
class Scorer:
    """The function of the stream: Spark calls it with each micro-batch.

    Spark Connect calls it in a process of its own, where the workspace must be opened anew.

    Attributes:
        stream: The id of the stream's checkpoint.
    """

    reopen: Callable[[SparkSession], Workspace]
    settings: Settings
    stream: str
    _workspace: Workspace | None = field(default=None, init=False)

    def __call__(self, rows: DataFrame, number: int) -> None:
        """Scores a micro-batch, and records what came of it; a repetition changes nothing."""
        if self._workspace is None:
            self._workspace = self.reopen(rows.sparkSession)
        batch = measure(self.stream, number, rows)
        if batch:
            known = self.settings.model_copy(update={"as_of": batch.known_until.date()})
            score_batch(self._workspace, known, batch)


def measure(stream: str, number: int, rows: DataFrame) -> MicroBatch | None:
    """Measures a micro-batch; None where it has no row."""
    known, event = F.col(PROBLEM.examples.time), F.col(PROBLEM.event_time)
    measures = F.count("*"), F.max(known), F.min(event), F.max(event)
    ((count, *times),) = rows.agg(*measures).collect()
    if not count:
        return None
    known_until, first, last = (time.astimezone(dt.UTC) for time in times)
    return MicroBatch(stream, number, rows, count, known_until, Window(first, last + JUST_BEFORE))


def score_batch(workspace: Workspace, settings: Settings, batch: MicroBatch) -> None:
    """Scores what is still to be predicted, with the champion of `as_of`; records the micro-batch.

    Before the first champion, nothing is scored: the batch job scores what nobody predicted.

    Args:
        settings: Those of the day on which the last row was known.

    Raises:
        StaleFeaturesError: The features are of other code or other facts.
    """
    spark = workspace.spark
    version = find_champion(spark, settings)
    examples = find_ahead(workspace, settings, batch)
    ahead = examples.count()
    if version is not None and ahead:
        read_current(spark, settings, settings.as_of)
        model = load_once(workspace.mlflow, settings.model_name, version)
        due = leave_scored_out(spark, settings, version, examples, batch.window)
        predictions = make_predictions(workspace, settings, model, due)
        name = PREDICTIONS.full_name(settings)
        delta.append_once(name, predictions, batch.stream, batch.number)
    record(spark, settings, batch, version, ahead)


def find_ahead(workspace: Workspace, settings: Settings, batch: MicroBatch) -> DataFrame:
    """Finds the examples that arrived before their moment of prediction, as known by then."""
    cutoff = batch.known_until + JUST_BEFORE
    known = read_examples(workspace, settings, batch.window, cutoff)
    arrived = known.join(batch.rows.select(*PROBLEM.key).distinct(), list(PROBLEM.key), "left_semi")
    days = F.datediff(PREDICTION_TIME, F.lit(settings.as_of))
    return arrived.where(F.col(PREDICTION_TIME) >= cutoff).withColumn(DAYS_AHEAD, days)


def leave_scored_out(
    spark: SparkSession, settings: Settings, version: int, examples: DataFrame, window: Window
) -> DataFrame:
    """Leaves out what the version has scored as of the same date: the first score of a day stays.

    A change that comes later on that day is scored by the next run of the batch job.
    """
    made = window.select(spark.table(PREDICTIONS.full_name(settings)), PREDICTIONS.time)
    same = (F.col("model_version") == version) & (F.col("as_of") == F.lit(settings.as_of))
    return examples.join(made.where(same), list(PROBLEM.key), "left_anti")


def record(
    spark: SparkSession, settings: Settings, batch: MicroBatch, version: int | None, ahead: int
) -> None:
    """Records a micro-batch, once."""
    row = {
        "stream": batch.stream,
        "number": batch.number,
        "as_of": settings.as_of,
        "known_until": batch.known_until,
        "model_version": version,
        "arrived": batch.count,
        "ahead": ahead,
        "written_at": dt.datetime.now(dt.UTC),
    }
    frame = delta.make_frame(spark, [row], STREAM_BATCHES.struct)
    delta.append_once(STREAM_BATCHES.full_name(settings), frame, batch.stream, batch.number)
