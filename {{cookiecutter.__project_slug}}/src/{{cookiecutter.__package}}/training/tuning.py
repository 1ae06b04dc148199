"""Hyperparameters by Optuna, judged on the last stretch of the training window."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import optuna
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from ..problem import EVENT_TIME, LABEL, LABEL_DELAY
from .model import SEED, build_pipeline, select_inputs

log = logging.getLogger(__name__)

TRIALS = 4
TUNING_DAYS = 28


class TrainingError(ValueError):
    """Data that no model should be trained on; the message has the numbers."""


@dataclass(frozen=True)
class Tuned:
    """The best trial.

    Attributes:
        parameters: Of LightGBM's classifier.
        judged: The rows that trials were judged on, and fitted without.
        scores: Probabilities of these rows by the best trial, shape (len(judged),).
    """

    parameters: dict[str, Any]
    judged: pd.DataFrame
    scores: np.ndarray


def split_by_time(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Older rows to fit, the last `TUNING_DAYS` to judge, and a gap for labels between them."""
    judged_from = rows[EVENT_TIME].max() - dt.timedelta(days=TUNING_DAYS)
    older = rows[rows[EVENT_TIME] < judged_from - LABEL_DELAY]
    return older, rows[rows[EVENT_TIME] >= judged_from]


def tune(rows: pd.DataFrame) -> Tuned:
    """The best of `TRIALS` trials, each a nested run of the run under way."""
    older, judged = split_by_time(rows)
    check_rows(older, "to fit while tuning")
    check_rows(judged, "to judge while tuning")
    scores: dict[int, np.ndarray] = {}

    def objective(trial: optuna.Trial) -> float:
        log.info("trial %d of %d", trial.number + 1, TRIALS)
        scores[trial.number] = _try_parameters(trial, suggest_parameters(trial), older, judged)
        return float(trial.user_attrs["log_loss"])

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=SEED))
    study.optimize(objective, n_trials=TRIALS)
    mlflow.log_metrics({f"tuning_{k}": v for k, v in study.best_trial.user_attrs.items()})
    best = suggest_parameters(optuna.trial.FixedTrial(study.best_params))
    return Tuned(best, judged, scores[study.best_trial.number])


def suggest_parameters(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """The search space."""
    return {
        "n_estimators": 150,
        "learning_rate": trial.suggest_float("learning_rate", 0.04, 0.12, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 15, 47),
        "min_child_samples": trial.suggest_int("min_child_samples", 50, 400, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.5, 1.0),
    }


def _try_parameters(
    trial: optuna.Trial, parameters: dict[str, Any], older: pd.DataFrame, judged: pd.DataFrame
) -> np.ndarray:
    with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
        pipeline = build_pipeline(parameters).fit(select_inputs(older), older[LABEL])
        scores = pipeline.predict_proba(select_inputs(judged))[:, 1]
        metrics = {
            "log_loss": float(log_loss(judged[LABEL], scores)),
            "auc": float(roc_auc_score(judged[LABEL], scores)),
        }
        mlflow.log_params(parameters)
        mlflow.log_metrics(metrics)
    for name, value in metrics.items():
        trial.set_user_attr(name, value)
    return scores


def check_rows(rows: pd.DataFrame, purpose: str, least: int = 1_000) -> None:
    """Refuses too few rows and labels of one class.

    Raises:
        TrainingError: With the counts.
    """
    late = int(rows[LABEL].sum())
    if len(rows) < least:
        raise TrainingError(f"{len(rows)} rows {purpose}: at least {least} are needed")
    if late in (0, len(rows)):
        raise TrainingError(f"{len(rows)} rows {purpose}, {late} of them late: one class only")
