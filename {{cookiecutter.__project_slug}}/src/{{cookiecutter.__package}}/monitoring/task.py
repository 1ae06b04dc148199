"""The task `monitoring`: drift of the window, and performance wherever labels have arrived."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial, reduce
from pathlib import Path

import mlflow
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..features.currency import read_current
from ..inference.tables import DAYS_AHEAD, PREDICTIONS, UNSCORED
from ..platform import delta
from ..platform.examples import label_examples
from ..platform.kinds import SCORE
from ..platform.parallel import do_in_parallel
from ..platform.problem import LABEL
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.champion import find_champion
from ..registry.drift import BASELINE_FILE, Baseline, count_bins_of_frame
from ..registry.loading import load_model
from ..registry.periods import get_scoring_window
from ..registry.predicting import score_frame
from ..registry.training_sets import make_training_set, read_examples, read_outcomes
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .facts import (
    YES_OR_NO,
    Fact,
    count_absent,
    count_alerts,
    measure_drift,
    measure_performance,
    name_timing,
)
from .tables import METRICS

log = logging.getLogger(__name__)

# Of columns of predictions, in the baselines of older versions.
FORMER_NAMES = {"probability": SCORE}
# Begins the name of a column that tells whether the features of a table are missing.
WITHOUT = "without "


@dataclass(frozen=True, eq=False)
class Scored:
    """The predictions of one version for examples of a window, made equally far ahead.

    Attributes:
        timing: See `name_timing`.
    """

    window: Window
    version: int
    timing: str
    count: int
    predictions: DataFrame


@dataclass(frozen=True)
class Observation:
    """A fact of a version in a window."""

    window: Window
    version: int
    fact: Fact


def monitor(workspace: Workspace, settings: Settings) -> None:
    """Records facts of the window, and of the window before, whose late labels have arrived.

    Leaves `drifted` ("true" or "false") for the tasks after it.
    """
    read_current(workspace.spark, settings, settings.as_of)
    window = get_scoring_window(settings.as_of, settings.window_days)
    before = Window(window.start - (window.end - window.start), window.start)
    found = do_in_parallel(lambda w: find_scored(workspace, settings, w), (window, before))
    measurements: list[Callable[[], list[Observation]]] = [
        partial(_observe_performance, workspace, settings, scored)
        for scored in (*found[window], *found[before])
    ]
    measurements.append(partial(_observe_drift, workspace, settings, window))
    measured = do_in_parallel(lambda measure: measure(), measurements)
    observed = [observation for some in measured.values() for observation in some]
    record_observations(workspace, settings, observed)
    alerts = count_alerts([observation.fact for observation in observed])
    workspace.task_values.set("drifted", str(alerts > 0).lower())


def find_scored(workspace: Workspace, settings: Settings, window: Window) -> list[Scored]:
    """Finds the predictions of a window's examples by version and timing, up to `as_of`."""
    stored = workspace.spark.table(PREDICTIONS.full_name(settings))
    scored = stored.where(F.col("as_of") <= F.lit(settings.as_of)).where(F.isnull(UNSCORED))
    known = window.select(scored, PREDICTIONS.time)
    # Runs of several dates, in whatever order, may have scored an example afterwards.
    last = F.max_by(F.struct(*(column.name for column in PROBLEM.kind.columns)), "as_of")
    told = (*PROBLEM.key, "model_version", DAYS_AHEAD)
    predictions = known.groupBy(*told).agg(last.alias("last")).select(*told, "last.*")
    groups = predictions.groupBy("model_version", DAYS_AHEAD).count().collect()
    return [
        Scored(
            window,
            row.model_version,
            name_timing(row[DAYS_AHEAD]),
            row["count"],
            predictions.where(
                (F.col("model_version") == row.model_version)
                & F.col(DAYS_AHEAD).eqNullSafe(F.lit(row[DAYS_AHEAD]))
            ),
        )
        for row in groups
    ]


def _observe_performance(
    workspace: Workspace, settings: Settings, scored: Scored
) -> list[Observation]:
    log.info("performance of version %d %s, %s", scored.version, scored.timing, scored.window)
    outcomes = read_outcomes(workspace, settings, scored.window)
    labelled = label_examples(PROBLEM, scored.predictions, outcomes, settings.cutoff)
    kind = PROBLEM.kind
    pairs = labelled.select(LABEL, *(column.name for column in kind.columns)).toPandas()
    labels, scores = kind.encode(pairs[LABEL]), kind.read_table(pairs)
    volume = Fact("volume", scored.timing, "rows", float(scored.count))
    facts = [volume, *measure_performance(scored.timing, labels, scores)]
    return [Observation(scored.window, scored.version, fact) for fact in facts]


def _observe_drift(workspace: Workspace, settings: Settings, window: Window) -> list[Observation]:
    """Observes all that the champion sees of a window, whoever scored which part in time.

    A part, such as the days after a promotion, has another mix of weekdays than training had.
    """
    version = find_champion(workspace.spark, settings)
    examples = read_examples(workspace, settings, window, settings.cutoff)
    if version is None or examples.isEmpty():
        return []
    log.info("drift of version %d, %s", version, window)
    model = load_model(workspace.mlflow, settings.model_name, version)
    seen = make_training_set(workspace, examples, model.lookups).load_df()
    baseline = read_baseline(workspace, settings, version)
    missing = find_missing(model.inputs)
    scored = score_frame(model, seen.withColumns(missing), (*model.first.inputs, *missing))
    counts = count_bins_of_frame(scored, {**baseline, **dict.fromkeys(missing, YES_OR_NO)})
    absent = {name.removeprefix(WITHOUT): counts.pop(name) for name in missing}
    facts = [*measure_drift(baseline, counts), *count_absent(absent)]
    return [Observation(window, version, fact) for fact in facts]


def find_missing(inputs: Sequence[str]) -> dict[str, Column]:
    """Makes a column for each feature table: whether an example has none of its features."""
    used = {t.name: [n for n in t.features if n in inputs] for t in PROBLEM.lookups}
    nulls = {table: [F.isnull(name) for name in names] for table, names in used.items() if names}
    return {
        f"{WITHOUT}{table}": reduce(Column.__and__, parts).cast("double")
        for table, parts in nulls.items()
    }


def read_baseline(workspace: Workspace, settings: Settings, version: int) -> Baseline:
    """Reads the bins and thresholds that training left with the version's run."""
    run_id = workspace.mlflow.get_model_version(settings.model_name, str(version)).run_id
    path = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{BASELINE_FILE}")
    baseline: Baseline = json.loads(Path(path).read_text())
    return {FORMER_NAMES.get(name, name): column for name, column in baseline.items()}


def record_observations(
    workspace: Workspace, settings: Settings, observed: list[Observation]
) -> None:
    """Makes the observations all that is recorded of `as_of`; equal ones change nothing."""
    rows = [_describe_row(settings, observation) for observation in observed]
    frame = delta.make_frame(workspace.spark, rows, METRICS.struct)
    name, of_run = METRICS.full_name(settings), F.col("metrics.as_of") == F.lit(settings.as_of)
    if delta.differ(frame, workspace.spark.table(name).where(of_run)):
        delta.replace_rows(name, frame, METRICS.keys, of_run)


def _describe_row(settings: Settings, observation: Observation) -> dict[str, object]:
    return {
        **asdict(observation.fact),
        "alert": observation.fact.alert,
        "as_of": settings.as_of,
        "window_start": observation.window.start,
        "window_end": observation.window.end,
        "model_version": observation.version,
    }
