"""Fits the model to the rows of a training set, and says what monitoring compares with."""

from __future__ import annotations

import logging
from importlib.metadata import version as get_installed_version
from typing import Any

import mlflow
import pandas as pd

from ..registry.drift import build_baseline
from ..registry.training_sets import RepeatedKeyError
from ..use_case.model import build_pipeline, select_inputs
from ..use_case.problem import EVENT_TIME, KEY, LABEL
from .tuning import TUNING_DAYS, Trial, tune

log = logging.getLogger(__name__)

# Scoring needs these. sqlalchemy is here because MLflow 3.8 would install one that it cannot use.
REQUIREMENTS = ("mlflow", "lightgbm", "scikit-learn", "pandas", "numpy", "sqlalchemy")
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
    """Loads the rows of a training set in one order.

    Raises:
        RepeatedKeyError: A key is there twice.
    """
    rows: pd.DataFrame = training_set.load_df().toPandas()
    repeated = rows.loc[rows[KEY].duplicated(), KEY]
    if len(repeated):
        raise RepeatedKeyError(len(repeated), repeated.iloc[0])
    return rows.sort_values(KEY, ignore_index=True)


def fit(rows: pd.DataFrame) -> tuple[Any, Trial]:
    """Tunes, then fits on all rows; parameters, metrics and importances go to the run."""
    mlflow.lightgbm.autolog(disable=True)
    best = tune(rows)
    # Other code logs the model with its features, and the data as tables with their versions.
    mlflow.lightgbm.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        log.info("fitting on %d rows", len(rows))
        return build_pipeline(best.parameters).fit(select_inputs(rows), rows[LABEL]), best
    finally:
        mlflow.lightgbm.autolog(disable=True)


def make_baseline(rows: pd.DataFrame, best: Trial, window_days: int) -> dict[str, Any]:
    """Makes the baseline of monitoring: the inputs, and predictions of rows not fitted on.

    Thresholds come from stretches as long as the windows that monitoring compares. Predictions
    have shorter stretches where tuning has judged too few days.
    """
    scores = pd.DataFrame({"probability": best.scores})
    judged = best.judged[EVENT_TIME].reset_index(drop=True)
    return {
        **build_baseline(select_inputs(rows), number_periods(rows[EVENT_TIME], window_days)),
        **build_baseline(scores, number_periods(judged, min(window_days, TUNING_DAYS // 4))),
    }


def number_periods(times: pd.Series, days: int) -> pd.Series:
    """Numbers stretches of `days` backwards from the last time; the incomplete first is NaN."""
    periods = (times.max() - times).dt.days // days
    complete: pd.Series = periods.where(periods < periods.max())
    return complete
