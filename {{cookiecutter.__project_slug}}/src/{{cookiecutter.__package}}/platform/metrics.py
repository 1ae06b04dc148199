"""Metrics of predictions: each has a name, a sign, and a measure with an influence for each row.

A row's influence is its part in the deviation of the value from the expected one; so an interval,
also for rows that belong together, follows from the influences alone.

Spark's Python workers import this module, so it imports NumPy and pandas alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

# Of Newton's method, which takes about eight steps here.
MOST_STEPS, TOLERANCE = 50, 1e-8
LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, eq=False)
class Measured:
    """A value, and the influence of each row, shape (n,); NaN where it cannot be computed."""

    value: float
    influence: np.ndarray

    def __sub__(self, other: Measured) -> Measured:
        """The difference of two values on the same rows, paired."""
        return Measured(self.value - other.value, self.influence - other.influence)


@dataclass(frozen=True)
class Metric:
    """A metric of predictions.

    Attributes:
        name: As people call it.
        sign: 1 where more is better, -1 where less is.
        measure: Measures predictions, given labels first; as encoded by a kind of target.
    """

    name: str
    sign: Literal[1, -1]
    measure: Callable[[np.ndarray, np.ndarray], Measured]

    def measure_gain(self, labels: np.ndarray, scores: np.ndarray, other: np.ndarray) -> Measured:
        """By how much predictions are better than others of the same rows."""
        pair = (scores, other) if self.sign > 0 else (other, scores)
        first, second = (self.measure(labels, predictions) for predictions in pair)
        return first - second


def measure_auc(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the area under the ROC curve.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, for the influences.

    Args:
        labels: 0 or 1, shape (n,).
        scores: Shape (n,).
    """
    is_event = labels.astype(bool)
    positives, negatives = int(is_event.sum()), int((~is_event).sum())
    if not positives or not negatives:
        return make_nothing(len(labels))
    ranks = _rank(scores)
    placement = np.empty(len(scores))
    placement[is_event] = (ranks[is_event] - _rank(scores[is_event])) / negatives
    placement[~is_event] = 1 - (ranks[~is_event] - _rank(scores[~is_event])) / positives
    auc = float(placement[is_event].mean())
    return Measured(auc, (placement - auc) / np.where(is_event, positives, negatives))


def make_nothing(rows: int) -> Measured:
    """Makes NaN of value and influences, where nothing can be measured."""
    return Measured(float("nan"), np.full(rows, float("nan")))


def _rank(scores: np.ndarray) -> np.ndarray:
    # Rows with equal scores share the mean of their ranks.
    return pd.Series(scores).rank(method="average").to_numpy()


def measure_macro_auc(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the mean of the classes' AUC, each class against the rest.

    Source: Provost and Domingos, Tree induction for probability-based ranking, Machine Learning 52
    (2003) 199-215; here without weights. A class that no row or every row has is left out.

    Args:
        labels: Numbers of classes, shape (n,).
        scores: Probabilities, shape (n, classes).
    """
    of_class = [measure_auc(labels == k, scores[:, k]) for k in range(scores.shape[1])]
    known = [measured for measured in of_class if not np.isnan(measured.value)]
    if not known:
        return make_nothing(len(labels))
    value = float(np.mean([measured.value for measured in known]))
    return Measured(value, np.mean([measured.influence for measured in known], axis=0))


def measure_mean(losses: np.ndarray) -> Measured:
    """Measures the mean of the rows' losses."""
    if not len(losses):
        return make_nothing(0)
    return Measured(float(losses.mean()), (losses - losses.mean()) / len(losses))


def measure_log_loss(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the mean log loss of probabilities of an event.

    The log loss is a proper score (Gneiting and Raftery, Journal of the American Statistical
    Association 102 (2007) 359-378): it tells probabilities that are wrong from those that are not,
    also where the AUC is the same.
    """
    return measure_mean(_take_logarithm(np.where(labels == 1, scores, 1 - scores)))


def measure_class_log_loss(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the mean log loss of probabilities of classes."""
    return measure_mean(_take_logarithm(scores[np.arange(len(labels)), labels.astype(int)]))


def _take_logarithm(probabilities: np.ndarray) -> np.ndarray:
    losses: np.ndarray = -np.log(np.clip(probabilities, LEAST_PROBABILITY, 1))
    return losses


def measure_absolute_error(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the mean absolute error, in the unit of the labels."""
    return measure_mean(np.abs(labels - scores))


def measure_squared_error(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the mean squared error, in the square of that unit."""
    return measure_mean(np.square(labels - scores))


def measure_logistic_slope(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the slope of a logistic regression of labels on log-odds; 1 is calibrated.

    Source: Cox, Two further applications of a model for binary regression, Biometrika 45 (1958)
    562-565. NaN for constant scores or labels, and where the regression has no finite solution.
    """
    clipped = np.clip(scores, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds = np.log(clipped / (1 - clipped))
    if not len(odds) or np.ptp(odds) == 0 or np.ptp(labels) == 0:
        return make_nothing(len(labels))
    inputs = np.column_stack([np.ones(len(odds)), odds])
    weights = np.zeros(2)
    for _ in range(MOST_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        spread = inputs.T @ (inputs * (expected * (1 - expected))[:, None])
        step = np.linalg.solve(spread, inputs.T @ (labels - expected))
        weights = weights + step
        if np.abs(step).max() < TOLERANCE:
            parts = inputs * (labels - expected)[:, None] @ np.linalg.inv(spread)
            return Measured(float(weights[1]), parts[:, 1])
    return make_nothing(len(labels))


def measure_linear_slope(labels: np.ndarray, scores: np.ndarray) -> Measured:
    """Measures the slope of a linear regression of labels on predictions; 1 is calibrated.

    Source: Mincer and Zarnowitz, The evaluation of economic forecasts (1969). NaN for constant
    predictions.
    """
    if not len(scores) or np.ptp(scores) == 0:
        return make_nothing(len(labels))
    deviations = scores - scores.mean()
    spread = np.square(deviations).sum()
    slope = float((deviations * labels).sum() / spread)
    residuals = labels - labels.mean() - slope * deviations
    return Measured(slope, deviations * residuals / spread)
