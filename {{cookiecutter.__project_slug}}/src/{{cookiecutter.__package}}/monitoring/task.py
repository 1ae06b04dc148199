"""The task `monitoring`: drift of the window, and performance wherever labels have arrived."""

from __future__ import annotations

import json
import logging
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
    facts = [
        *_observe_window(workspace, settings, window, with_drift=True),
        *_observe_window(workspace, settings, before, with_drift=False),
    ]
    _record_facts(workspace, settings, facts)
    alerts = count_alerts([fact for _, _, fact in facts])
    workspace.task_values.set("drifted", str(alerts > 0).lower())


Observed = tuple[Window, int, Fact]


def _observe_window(
    workspace: Workspace, settings: Settings, window: Window, with_drift: bool
) -> list[Observed]:
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    predictions = window.select(stored, PREDICTIONS.time).where(
        F.col("as_of") <= F.lit(settings.as_of)
    )
    counts = predictions.groupBy("model_version").count().orderBy("model_version").collect()
    observed: list[Observed] = []
    for version, rows in counts:
        scored = predictions.where(F.col("model_version") == version)
        facts = [Fact("volume", "predictions", "rows", float(rows))]
        facts += _observe_performance(workspace, settings, window, scored)
        if with_drift:
            facts += _observe_drift(workspace, settings, window, version, scored)
        observed += [(window, version, fact) for fact in facts]
    return observed


def _observe_performance(
    workspace: Workspace, settings: Settings, window: Window, scored: DataFrame
) -> list[Fact]:
    log.info("performance of %s", window)
    outcomes = workspace.spark.table(OUTCOMES.source_name(settings))
    outcomes = outcomes.where(F.col(OUTCOMES.time) >= F.lit(window.start))
    labelled = label_flights(scored, outcomes, settings.cutoff).select(LABEL, "probability")
    pairs = labelled.toPandas()
    return measure_performance(pairs[LABEL].to_numpy(), pairs["probability"].to_numpy())


def _observe_drift(
    workspace: Workspace, settings: Settings, window: Window, version: int, scored: DataFrame
) -> list[Fact]:
    log.info("drift of %s", window)
    baseline = read_baseline(workspace, settings, version)
    lookups = load_model(workspace.mlflow, settings.model_name, version).lookups
    flights = read_flights(workspace, settings, window).join(scored.select(KEY, "probability"), KEY)
    frame = make_training_set(workspace, flights, lookups).load_df()
    return measure_drift(baseline, count_bins_of_frame(frame, baseline))


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
    frame = workspace.spark.createDataFrame(rows, METRICS.struct)
    delta.append_new_rows(METRICS.full_name(settings), frame, METRICS.keys)
