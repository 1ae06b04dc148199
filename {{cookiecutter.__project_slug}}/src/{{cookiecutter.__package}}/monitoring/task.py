"""The task `monitoring`: drift of the window, and performance wherever labels have arrived."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path

import mlflow
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from .. import delta
from ..drift import BASELINE_FILE, Baseline, count_bins_of_frame
from ..examples import make_training_set, read_flights
from ..problem import KEY, LABEL, label_flights
from ..scoring import load_model
from ..settings import Settings
from ..side_by_side import do_side_by_side
from ..tables import METRICS, OUTCOMES, PREDICTIONS
from ..windows import Window, get_scoring_window
from ..workspace import Workspace
from .facts import Fact, count_alerts, measure_drift, measure_performance

log = logging.getLogger(__name__)


def monitor(workspace: Workspace, settings: Settings) -> None:
    """Records facts of the window and of the one before it, whose late labels have arrived.

    Leaves `drifted` ("true" or "false") for the tasks after it.
    """
    window = get_scoring_window(settings)
    before = Window(window.start - (window.end - window.start), window.start)
    observers = (
        partial(_observe_performance, workspace, settings, window),
        partial(_observe_performance, workspace, settings, before),
        partial(_observe_drift, workspace, settings, window),
    )
    observed = do_side_by_side(lambda observe: observe(), observers)
    facts = [fact for found in observed.values() for fact in found]
    _record_facts(workspace, settings, facts)
    alerts = count_alerts([fact for _, _, fact in facts])
    workspace.task_values.set("drifted", str(alerts > 0).lower())


Observed = tuple[Window, int, Fact]


def _observe_performance(
    workspace: Workspace, settings: Settings, window: Window
) -> list[Observed]:
    log.info("performance of %s", window)
    observed = []
    for version, rows, scored in _list_versions(workspace, settings, window):
        volume = Fact("volume", "predictions", "rows", float(rows))
        for fact in (volume, *_measure_performance(workspace, settings, window, scored)):
            observed.append((window, version, fact))
    return observed


def _measure_performance(
    workspace: Workspace, settings: Settings, window: Window, scored: DataFrame
) -> list[Fact]:
    outcomes = workspace.spark.table(OUTCOMES.source_name(settings))
    outcomes = outcomes.where(F.col(OUTCOMES.time) >= F.lit(window.start))
    labelled = label_flights(scored, outcomes, settings.cutoff).select(LABEL, "probability")
    pairs = labelled.toPandas()
    return measure_performance(pairs[LABEL].to_numpy(), pairs["probability"].to_numpy())


def _observe_drift(workspace: Workspace, settings: Settings, window: Window) -> list[Observed]:
    log.info("drift of %s", window)
    return [
        (window, version, fact)
        for version, _, scored in _list_versions(workspace, settings, window)
        for fact in _measure_drift(workspace, settings, window, version, scored)
    ]


def _measure_drift(
    workspace: Workspace, settings: Settings, window: Window, version: int, scored: DataFrame
) -> list[Fact]:
    baseline = read_baseline(workspace, settings, version)
    lookups = load_model(workspace.mlflow, settings.model_name, version).lookups
    flights = read_flights(workspace, settings, window).join(scored.select(KEY, "probability"), KEY)
    frame = make_training_set(workspace, flights, lookups).load_df()
    return measure_drift(baseline, count_bins_of_frame(frame, baseline))


def _list_versions(
    workspace: Workspace, settings: Settings, window: Window
) -> list[tuple[int, int, DataFrame]]:
    """The versions that scored the window's flights, how many each, and its predictions."""
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    predictions = window.select(stored, PREDICTIONS.time).where(
        F.col("as_of") <= F.lit(settings.as_of)
    )
    counts = predictions.groupBy("model_version").count().orderBy("model_version").collect()
    return [
        (version, rows, predictions.where(F.col("model_version") == version))
        for version, rows in counts
    ]


def read_baseline(workspace: Workspace, settings: Settings, version: int) -> Baseline:
    """The bins and thresholds that training left with the version's run."""
    run_id = workspace.mlflow.get_model_version(settings.model_name, str(version)).run_id
    path = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{BASELINE_FILE}")
    return json.loads(Path(path).read_text())


def _record_facts(workspace: Workspace, settings: Settings, facts: list[Observed]) -> None:
    rows = [
        (
            settings.as_of,
            window.start,
            window.end,
            version,
            fact.kind,
            fact.subject,
            fact.statistic,
            fact.value,
            fact.threshold,
            fact.alert,
        )
        for window, version, fact in facts
    ]
    frame = delta.make_frame(workspace.spark, rows, METRICS.struct)
    delta.append_new_rows(METRICS.full_name(settings), frame, METRICS.keys)
