"""Tunes hyperparameters with Optuna, and judges them on the last days of the training window."""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import optuna
import pandas as pd
from sklearn.pipeline import Pipeline

from ..platform.problem import LABEL, make_first_step
from ..use_case.model import MODEL
from ..use_case.problem import PROBLEM

log = logging.getLogger(__name__)

ROUNDS = 2
# Trials of a round run at once, each on one core; a round learns from the rounds before.
TRIALS_PER_ROUND = 2


class TrainingError(ValueError):
    """The data cannot train a model; the message has the numbers."""


@dataclass(frozen=True)
class Trial:
    """The outcome of one choice of parameters.

    Attributes:
        parameters: The parameters that `MODEL.suggest` chose.
        judged: The rows that the trial was judged on; it was fitted without them.
        scores: The scores of these rows; `PROBLEM.kind` says what they are.
        metrics: The metrics of these scores, by role: primary, loss.
    """

    parameters: dict[str, Any]
    judged: pd.DataFrame
    scores: np.ndarray
    metrics: dict[str, float]


def split_by_time(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits off the last days to judge on; a gap for labels parts them from the rest."""
    times = rows[PROBLEM.event_time]
    judged_from = times.max() - dt.timedelta(days=PROBLEM.tuning_days)
    return rows[times < judged_from - PROBLEM.label_delay], rows[times >= judged_from]


def tune(rows: pd.DataFrame) -> Trial:
    """Finds the trial with the least loss; logs each trial as a nested run."""
    older, judged = split_by_time(rows)
    check_rows(older, "to fit while tuning")
    check_rows(judged, "to judge while tuning")
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=MODEL.seed))
    trials: list[Trial] = []
    for number in range(ROUNDS):
        log.info("round %d of %d, %d trials each", number + 1, ROUNDS, TRIALS_PER_ROUND)
        trials += _play_round(study, older, judged)
    best = trials[study.best_trial.number]
    mlflow.log_metrics({f"tuning_{name}": value for name, value in best.metrics.items()})
    return best


def _play_round(study: optuna.Study, older: pd.DataFrame, judged: pd.DataFrame) -> list[Trial]:
    # Optuna is asked and told in order, so that the same seed gives the same trials.
    asked = [study.ask() for _ in range(TRIALS_PER_ROUND)]
    parameters = [MODEL.suggest(trial) for trial in asked]
    with ThreadPoolExecutor(TRIALS_PER_ROUND) as pool:
        done = list(pool.map(lambda chosen: try_parameters(chosen, older, judged), parameters))
    for trial, result in zip(asked, done, strict=True):
        study.tell(trial, result.metrics["loss"])
        with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
            mlflow.log_params(result.parameters)
            mlflow.log_metrics(result.metrics)
    return done


def try_parameters(parameters: dict[str, Any], older: pd.DataFrame, judged: pd.DataFrame) -> Trial:
    """Fits on the older rows and scores the later ones."""
    kind = PROBLEM.kind
    pipeline = build_pipeline(parameters).fit(older, kind.encode(older[LABEL]))
    scores = kind.predict(pipeline[1:], pipeline[0].compute(judged))
    return Trial(parameters, judged, scores, kind.measure(kind.encode(judged[LABEL]), scores))


def build_pipeline(parameters: dict[str, Any]) -> Pipeline:
    """Builds an unfitted model: the step that every model begins with, and the declared ones."""
    return Pipeline([("first", make_first_step(PROBLEM)), *MODEL.build(parameters).steps])


def check_rows(rows: pd.DataFrame, purpose: str, least: int = 1_000) -> None:
    """Refuses too few rows, and labels that teach or tell nothing.

    Raises:
        TrainingError: The message has the counts.
    """
    if len(rows) < least:
        raise TrainingError(f"{len(rows)} rows {purpose}: at least {least} are needed")
    labels = PROBLEM.kind.encode(rows[LABEL])
    fault = PROBLEM.kind.find_fault(labels)
    if fault:
        raise TrainingError(f"{len(rows)} rows {purpose}, {PROBLEM.kind.count(labels)}: {fault}")
