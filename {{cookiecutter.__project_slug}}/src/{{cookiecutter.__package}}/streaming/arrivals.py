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
class Arrivals:
    """What a micro-batch brings.

    Attributes:
        count: The number of rows.
        known_until: When the last row was known.
        window: From the first event to after the last one.
    """

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
        arrivals = measure(rows)
        if arrivals:
            known = self.settings.model_copy(update={"as_of": arrivals.known_until.date()})
            told = score_arrivals(self._workspace, known, rows, arrivals, (self.stream, number))
            record(self._workspace.spark, known, arrivals, told, (self.stream, number))


def measure(rows: DataFrame) -> Arrivals | None:
    """Measures a micro-batch; None where it has no row."""
    known, event = F.col(PROBLEM.examples.time), F.col(PROBLEM.event_time)
    measures = F.count("*"), F.max(known), F.min(event), F.max(event)
    ((count, known_until, first, last),) = rows.agg(*measures).collect()
    if not count:
        return None
    at = [time.astimezone(dt.UTC) for time in (known_until, first, last)]
    return Arrivals(count, at[0], Window(at[1], at[2] + JUST_BEFORE))


def score_arrivals(
    workspace: Workspace,
    settings: Settings,
    rows: DataFrame,
    arrivals: Arrivals,
    write: tuple[str, int],
) -> dict[str, int | None]:
    """Scores what is still to be predicted, with the champion of `as_of`.

    Before the first champion, nothing is scored: the batch job scores what nobody predicted.

    Args:
        settings: Those of the day of the arrivals.
        write: The stream and the number of the micro-batch: Delta takes them in once.

    Returns:
        The champion, and how many examples were ahead.

    Raises:
        StaleFeaturesError: The features are of other code or other facts.
    """
    version = find_champion(workspace.spark, settings)
    examples = find_ahead(workspace, settings, rows, arrivals)
    count = examples.count()
    if version is not None and count:
        read_current(workspace.spark, settings, settings.as_of)
        model = load_once(workspace.mlflow, settings.model_name, version)
        due = leave_scored_out(workspace.spark, settings, version, examples, arrivals.window)
        predictions = make_predictions(workspace, settings, model, due)
        delta.append_once(PREDICTIONS.full_name(settings), predictions, *write)
    return {"model_version": version, "ahead": count}


def find_ahead(
    workspace: Workspace, settings: Settings, rows: DataFrame, arrivals: Arrivals
) -> DataFrame:
    """Finds the examples that arrived before their moment of prediction, as known by then."""
    cutoff = arrivals.known_until + JUST_BEFORE
    known = read_examples(workspace, settings, arrivals.window, cutoff)
    arrived = known.join(rows.select(*PROBLEM.key).distinct(), list(PROBLEM.key), "left_semi")
    ahead = F.datediff(PREDICTION_TIME, F.lit(settings.as_of))
    return arrived.where(F.col(PREDICTION_TIME) >= cutoff).withColumn(DAYS_AHEAD, ahead)


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
    spark: SparkSession,
    settings: Settings,
    arrivals: Arrivals,
    told: dict[str, int | None],
    write: tuple[str, int],
) -> None:
    """Records a micro-batch, once."""
    stream, number = write
    row = {
        **told,
        "stream": stream,
        "number": number,
        "as_of": settings.as_of,
        "known_until": arrivals.known_until,
        "arrived": arrivals.count,
        "written_at": dt.datetime.now(dt.UTC),
    }
    frame = delta.make_frame(spark, [row], STREAM_BATCHES.struct)
    delta.append_once(STREAM_BATCHES.full_name(settings), frame, stream, number)
