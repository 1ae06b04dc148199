"""The task `batch_inference`: the champion of `as_of` scores examples ahead of their events."""

from __future__ import annotations

import logging
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..platform import delta
from ..platform.problem import PREDICTION_TIME
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.champion import find_champion, list_barred, read_promotions
from ..registry.loading import load_model
from ..registry.periods import get_scoring_window
from ..registry.training_sets import read_examples
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .scoring import NoChampionError, make_predictions
from .tables import DAYS_AHEAD, PREDICTIONS, UNSCORED

log = logging.getLogger(__name__)


def predict(workspace: Workspace, settings: Settings) -> None:
    """Appends the predictions that the champion owes; a repetition appends none.

    Raises:
        NoChampionError: No version was promoted by `as_of`.
        StaleFeaturesError: The features are of other code or other facts.
    """
    version = find_champion(workspace.spark, settings)
    if version is None:
        raise NoChampionError(
            f"{settings.model_name} has no champion as of {settings.as_of}: run the job lifecycle;"
            " where the gate blocked a version, the table validation_results has the reasons"
        )
    read_current(workspace.spark, settings, settings.as_of)
    log.info("champion is version %d", version)
    model = load_model(workspace.mlflow, settings.model_name, version)
    examples = find_due(workspace, settings, version)
    in_time, afterwards = count_due(examples)
    log.info("%d %s to score in time, %d afterwards", in_time, PROBLEM.nouns, afterwards)
    if in_time or afterwards:
        _store(settings, make_predictions(workspace, settings, model, examples))


def find_due(workspace: Workspace, settings: Settings, version: int) -> DataFrame:
    """Finds the examples that a version has to score as of a date, with `DAYS_AHEAD`.

    In time are the examples whose moment of prediction lies in the horizon. Afterwards come those
    of the last `window_days` that nobody predicted in time, so that a first run and a backfill have
    something to monitor.
    """
    examples = read_examples(workspace, settings, get_reach(settings), settings.cutoff)
    ahead = F.datediff(PREDICTION_TIME, F.lit(settings.as_of))
    timed = examples.withColumn(DAYS_AHEAD, F.when(ahead >= 0, ahead))
    in_time = F.col(DAYS_AHEAD) < PROBLEM.horizon_days
    afterwards = F.col(PROBLEM.event_time) < F.lit(settings.cutoff)
    return _leave_scored_out(workspace, settings, version, timed.where(in_time | afterwards))


def get_reach(settings: Settings) -> Window:
    """Returns the stretch of events that a run may have to score."""
    start = get_scoring_window(settings.as_of, settings.window_days).start
    return Window(start, settings.cutoff + PROBLEM.lead)


def _leave_scored_out(
    workspace: Workspace, settings: Settings, version: int, examples: DataFrame
) -> DataFrame:
    known = F.col("as_of") <= F.lit(settings.as_of)
    stored = workspace.spark.table(PREDICTIONS.full_name(settings)).where(known)
    made = get_reach(settings).select(stored, PREDICTIONS.time).alias("made")
    promotions = read_promotions(workspace.spark, settings)
    barred = list_barred([row for row in promotions if row.as_of <= settings.as_of])
    own = F.col("made.model_version") == version
    in_time = F.col(f"made.{DAYS_AHEAD}").isNotNull() & F.col(f"made.{UNSCORED}").isNull()
    in_time &= ~F.col("made.model_version").isin(barred)
    by_this_run = own & (F.col("made.as_of") == F.lit(settings.as_of))
    # A prediction in time is renewed by each run until its moment has come.
    is_over = F.col(f"due.{DAYS_AHEAD}").isNull()
    same = [F.col(f"made.{name}") == F.col(f"due.{name}") for name in PROBLEM.key]
    scored = reduce(Column.__and__, same) & (by_this_run | (is_over & (own | in_time)))
    return examples.alias("due").join(made, scored, "left_anti")


def count_due(examples: DataFrame) -> tuple[int, int]:
    """Counts the examples to score in time, and afterwards."""
    ((in_time, number),) = examples.agg(F.count(DAYS_AHEAD), F.count("*")).collect()
    return in_time, number - in_time


def _store(settings: Settings, predictions: DataFrame) -> None:
    within = get_reach(settings).contains(f"{PREDICTIONS.name}.{PREDICTIONS.time}")
    name = PREDICTIONS.full_name(settings)
    delta.append_new_rows(name, predictions, PREDICTIONS.keys, within)
