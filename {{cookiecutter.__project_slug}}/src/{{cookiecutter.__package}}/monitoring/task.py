"""The task `monitoring`: drift of the window, and performance wherever labels have arrived."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import mlflow
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..inference.tables import PREDICTIONS
from ..platform import delta
from ..platform.examples import label_examples
from ..platform.parallel import do_in_parallel
from ..platform.problem import LABEL
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.drift import BASELINE_FILE, Baseline, count_bins_of_frame
from ..registry.loading import load_model
from ..registry.periods import get_scoring_window
from ..registry.training_sets import make_training_set, read_examples, read_outcomes
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .facts import Fact, count_alerts, measure_drift, measure_performance
from .tables import METRICS

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scored:
    """The predictions of one version for a window's examples: one of them or more.

    Attributes:
        is_whole: Whether the version scored all examples of the window. A part of the window, such
            as the days after a promotion, has another mix of weekdays than training had.
    """

    window: Window
    version: int
    count: int
    predictions: DataFrame
    is_whole: bool


def monitor(workspace: Workspace, settings: Settings) -> None:
    """Records facts of the window, and of the window before, whose late labels have arrived.

    Leaves `drifted` ("true" or "false") for the tasks after it.
    """
    read_current(workspace.spark, settings, settings.as_of)
    window = get_scoring_window(settings.as_of, settings.window_days)
    before = Window(window.start - (window.end - window.start), window.start)
    found = do_in_parallel(lambda w: find_scored(workspace, settings, w), (window, before))
    measurements = [
        *((_measure_performance, scored) for scored in (*found[window], *found[before])),
        *((_measure_drift, scored) for scored in found[window] if scored.is_whole),
    ]
    measured = do_in_parallel(lambda m: m[0](workspace, settings, m[1]), measurements)
    facts = [(scored, fact) for (_, scored), facts in measured.items() for fact in facts]
    record_facts(workspace, settings, facts)
    alerts = count_alerts([fact for _, fact in facts])
    workspace.task_values.set("drifted", str(alerts > 0).lower())


def find_scored(workspace: Workspace, settings: Settings, window: Window) -> list[Scored]:
    """Finds the versions that scored examples of a window, by `as_of`."""
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    predictions = window.select(stored, PREDICTIONS.time).where(
        F.col("as_of") <= F.lit(settings.as_of)
    )
    counts = predictions.groupBy("model_version").count().orderBy("model_version").collect()
    examples = read_examples(workspace, settings, window).count() if counts else 0
    return [
        Scored(
            window,
            version,
            count,
            predictions.where(F.col("model_version") == version),
            is_whole=count >= examples,
        )
        for version, count in counts
    ]


def _measure_performance(workspace: Workspace, settings: Settings, scored: Scored) -> list[Fact]:
    log.info("performance of version %d, %s", scored.version, scored.window)
    outcomes = read_outcomes(workspace, settings, scored.window)
    labelled = label_examples(PROBLEM, scored.predictions, outcomes, settings.cutoff)
    pairs = labelled.select(LABEL, "probability").toPandas()
    volume = Fact("volume", "predictions", "rows", float(scored.count))
    return [volume, *measure_performance(pairs[LABEL].to_numpy(), pairs["probability"].to_numpy())]


def _measure_drift(workspace: Workspace, settings: Settings, scored: Scored) -> list[Fact]:
    log.info("drift of version %d, %s", scored.version, scored.window)
    baseline = read_baseline(workspace, settings, scored.version)
    lookups = load_model(workspace.mlflow, settings.model_name, scored.version).lookups
    probabilities = scored.predictions.select(*PROBLEM.key, "probability")
    examples = read_examples(workspace, settings, scored.window)
    examples = examples.join(probabilities, list(PROBLEM.key))
    frame = make_training_set(workspace, examples, lookups).load_df()
    return measure_drift(baseline, count_bins_of_frame(frame, baseline))


def read_baseline(workspace: Workspace, settings: Settings, version: int) -> Baseline:
    """Reads the bins and thresholds that training left with the version's run."""
    run_id = workspace.mlflow.get_model_version(settings.model_name, str(version)).run_id
    path = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{BASELINE_FILE}")
    baseline: Baseline = json.loads(Path(path).read_text())
    return baseline


def record_facts(
    workspace: Workspace, settings: Settings, facts: list[tuple[Scored, Fact]]
) -> None:
    """Makes `facts` all that is recorded of `as_of`; equal ones change nothing."""
    rows = [_describe_row(settings, scored, fact) for scored, fact in facts]
    frame = delta.make_frame(workspace.spark, rows, METRICS.struct)
    name, of_run = METRICS.full_name(settings), F.col("metrics.as_of") == F.lit(settings.as_of)
    if delta.differ(frame, workspace.spark.table(name).where(of_run)):
        delta.replace_rows(name, frame, METRICS.keys, of_run)


def _describe_row(settings: Settings, scored: Scored, fact: Fact) -> dict[str, object]:
    return {
        **asdict(fact),
        "alert": fact.alert,
        "as_of": settings.as_of,
        "window_start": scored.window.start,
        "window_end": scored.window.end,
        "model_version": scored.version,
    }
