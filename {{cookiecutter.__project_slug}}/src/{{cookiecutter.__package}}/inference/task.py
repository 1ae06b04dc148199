"""The task `batch_inference`: the champion of `as_of` scores the window's examples."""

from __future__ import annotations

import logging

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..platform import delta
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.champion import find_champion
from ..registry.loading import load_model
from ..registry.periods import get_scoring_window
from ..registry.predicting import score_frame
from ..registry.training_sets import RepeatedKeyError, make_training_set, read_examples
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import PREDICTIONS

log = logging.getLogger(__name__)


class NoChampionError(LookupError):
    """No version is champion, so nothing was scored."""


def predict(workspace: Workspace, settings: Settings) -> None:
    """Appends a prediction for each of the window's examples that the champion has not scored yet.

    Raises:
        NoChampionError: No version was promoted by `as_of`.
        RepeatedKeyError: A key is there twice, so it would be scored twice.
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
    window = get_scoring_window(settings.as_of, settings.window_days)
    examples = _find_unscored(workspace, settings, window, version)
    number = count_examples(examples)
    if not number:
        log.info("the %s of %s are scored", PROBLEM.nouns, window)
        return
    log.info("scoring %d %s of %s", number, PROBLEM.nouns, window)
    rows = make_training_set(workspace, examples, model.lookups).load_df()
    known = examples.select(*PROBLEM.example_columns)
    scores = score_frame(model, rows).join(known, list(PROBLEM.key))
    _store(settings, window, version, scores)


def _find_unscored(
    workspace: Workspace, settings: Settings, window: Window, version: int
) -> DataFrame:
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    scored = window.select(stored, PREDICTIONS.time).where(F.col("model_version") == version)
    return read_examples(workspace, settings, window).join(scored, list(PROBLEM.key), "left_anti")


def count_examples(examples: DataFrame) -> int:
    """Counts examples, each of which must be there once.

    Raises:
        RepeatedKeyError: A key is there twice.
    """
    counts = examples.groupBy(*PROBLEM.key).agg(F.count("*").alias("rows"))
    totals = counts.agg(F.count("*"), F.sum("rows"), F.max_by(F.struct(*PROBLEM.key), "rows"))
    ((keys, rows, most),) = totals.collect()
    if keys and rows > keys:
        raise RepeatedKeyError(rows - keys, tuple(most))
    return int(keys)


def _store(settings: Settings, window: Window, version: int, scores: DataFrame) -> None:
    told = {"model_version": F.lit(version), "as_of": F.lit(settings.as_of)}
    predictions = scores.withColumns(told).select(*PREDICTIONS.column_names)
    within = window.contains(f"{PREDICTIONS.name}.{PREDICTIONS.time}")
    name = PREDICTIONS.full_name(settings)
    delta.append_new_rows(name, predictions, PREDICTIONS.keys, within)
