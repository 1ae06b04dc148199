"""Fits the model to the rows of a training set, and says what monitoring compares with."""

from __future__ import annotations

import logging
from importlib.metadata import version as get_installed_version
from typing import Any

import pandas as pd

from ..platform.examples import compute_inputs
from ..platform.problem import LABEL
from ..registry.drift import build_baseline, tabulate_scores
from ..use_case.model import MODEL
from ..use_case.problem import PROBLEM
from .tuning import Trial, build_pipeline, tune

log = logging.getLogger(__name__)

# Scoring needs these. sqlalchemy is here because MLflow 3.8 would install one that it cannot use.
REQUIREMENTS = ("mlflow", *MODEL.requirements, "scikit-learn", "pandas", "numpy", "sqlalchemy")
# Fitting needs these as well.
FITTED_BY = ("optuna", "scipy")


def list_requirements() -> list[str]:
    """Lists what scoring needs, in the versions that are installed now."""
    return [_pin(name) for name in REQUIREMENTS]


def list_fitting_versions() -> list[str]:
    """Lists everything installed that has a part in fitting a model, with versions."""
    return [_pin(name) for name in (*REQUIREMENTS, *FITTED_BY)]


def _pin(name: str) -> str:
    return f"{name}=={get_installed_version(name)}"


def collect_rows(training_set: Any) -> pd.DataFrame:
    """Loads the rows of a training set in one order."""
    rows: pd.DataFrame = training_set.load_df().toPandas()
    return rows.sort_values(list(PROBLEM.key), ignore_index=True)


def fit(rows: pd.DataFrame) -> tuple[Any, Trial]:
    """Tunes, then fits on all rows; parameters, metrics and importances go to the run."""
    MODEL.autolog(disable=True)
    best = tune(rows)
    # Other code logs the model with its features, and the data as tables with their versions.
    MODEL.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        log.info("fitting on %d rows", len(rows))
        labels = PROBLEM.kind.encode(rows[LABEL])
        return build_pipeline(best.parameters).fit(rows, labels), best
    finally:
        MODEL.autolog(disable=True)


def make_baseline(rows: pd.DataFrame, best: Trial, window_days: int) -> dict[str, Any]:
    """Makes the baseline of monitoring: the inputs, and predictions of rows not fitted on.

    Thresholds come from stretches as long as the windows that monitoring compares. Predictions
    have shorter stretches where tuning has judged too few days.
    """
    scores = tabulate_scores(best.scores)
    times, shorter = rows[PROBLEM.event_time], max(1, PROBLEM.tuning_days // 4)
    judged = best.judged[PROBLEM.event_time].reset_index(drop=True)
    return {
        **build_baseline(compute_inputs(PROBLEM, rows), number_periods(times, window_days)),
        **build_baseline(scores, number_periods(judged, min(window_days, shorter))),
    }


def number_periods(times: pd.Series, days: int) -> pd.Series:
    """Numbers stretches of `days` backwards from the last time; the incomplete first is NaN."""
    periods = (times.max() - times).dt.days // days
    complete: pd.Series = periods.where(periods < periods.max())
    return complete
