"""Estimates metrics with intervals, by day: the rows of one day are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where it cannot be computed."""

    value: float
    lower: float
    upper: float


# Of Newton's method, which takes about eight steps here.
MOST_STEPS, TOLERANCE = 50, 1e-8
LEAST_PROBABILITY = 1e-9

NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


def estimate_auc(
    labels: np.ndarray, scores: np.ndarray, days: np.ndarray, confidence: float = 0.95
) -> Estimate:
    """Area under the ROC curve, with an interval for clustered rows.

    Source: Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997)
    567-578; Student's t with one degree of freedom less than there are clusters.

    Args:
        labels: 0 or 1, shape (n,).
        scores: Shape (n,).
        days: Cluster of each row, shape (n,).
        confidence: Coverage of the interval.

    Returns:
        Without an interval where scores part the labels without exception: nothing varies.
    """
    value, influence = _measure_auc(labels, scores)
    if value in (0.0, 1.0):
        return Estimate(value, float("nan"), float("nan"))
    return _make_estimate(value, _sum_by_cluster(influence, days), confidence)


def estimate_auc_difference(
    labels: np.ndarray,
    scores: np.ndarray,
    other: np.ndarray,
    days: np.ndarray,
    confidence: float = 0.95,
) -> Estimate:
    """Difference of two scores' AUC on the same rows, paired, with an interval as above."""
    first, influence = _measure_auc(labels, scores)
    second, others = _measure_auc(labels, other)
    sums = _sum_by_cluster(influence - others, days)
    if first != second and not sums.any():
        return Estimate(first - second, float("nan"), float("nan"))
    return _make_estimate(first - second, sums, confidence)


def _measure_auc(labels: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """The AUC, and each row's part in its deviation from the expected one."""
    late = labels.astype(bool)
    positives, negatives = int(late.sum()), int((~late).sum())
    if not positives or not negatives:
        return float("nan"), np.full(len(labels), float("nan"))
    ranks = stats.rankdata(scores)
    placement = np.empty(len(scores))
    placement[late] = (ranks[late] - stats.rankdata(scores[late])) / negatives
    placement[~late] = 1 - (ranks[~late] - stats.rankdata(scores[~late])) / positives
    auc = float(placement[late].mean())
    return auc, (placement - auc) / np.where(late, positives, negatives)


def _sum_by_cluster(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    _, codes = np.unique(clusters, return_inverse=True)
    return np.bincount(codes, weights=values)


def _make_estimate(value: float, sums: np.ndarray, confidence: float) -> Estimate:
    clusters = len(sums)
    if clusters < 2 or np.isnan(value):
        return Estimate(value, float("nan"), float("nan"))
    error = float(np.sqrt(clusters / (clusters - 1) * np.square(sums).sum()))
    reach = float(stats.t.ppf((1 + confidence) / 2, clusters - 1)) * error
    return Estimate(value, value - reach, value + reach)


def estimate_calibration_slope(
    labels: np.ndarray, scores: np.ndarray, days: np.ndarray
) -> Estimate:
    """Slope of a logistic regression of the labels on the scores' log-odds; 1 is calibrated.

    Source: Cox, Two further applications of a model for binary regression, Biometrika 45 (1958)
    562-565. The interval is clustered (Liang and Zeger, Biometrika 73 (1986) 13-22). NaN for
    constant scores or labels, and where the regression has no finite solution.
    """
    clipped = np.clip(scores, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds = np.log(clipped / (1 - clipped))
    if np.ptp(odds) == 0 or np.ptp(labels) == 0:
        return NOTHING
    inputs = np.column_stack([np.ones(len(odds)), odds])
    weights = np.zeros(2)
    for _ in range(MOST_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        spread = inputs.T @ (inputs * (expected * (1 - expected))[:, None])
        step = np.linalg.solve(spread, inputs.T @ (labels - expected))
        weights = weights + step
        if np.abs(step).max() < TOLERANCE:
            parts = inputs * (labels - expected)[:, None] @ np.linalg.inv(spread)
            return _make_estimate(float(weights[1]), _sum_by_cluster(parts[:, 1], days), 0.95)
    return NOTHING


def estimate_loss_difference(
    labels: np.ndarray, scores: np.ndarray, other: np.ndarray, days: np.ndarray
) -> Estimate:
    """Difference of two scores' mean log loss on the same rows, paired, clustered by day.

    The log loss is a proper score (Gneiting and Raftery, Journal of the American Statistical
    Association 102 (2007) 359-378): it tells probabilities that are wrong from those that are not,
    also where the AUC is the same.
    """
    if not len(labels):
        return NOTHING
    losses = measure_losses(labels, scores) - measure_losses(labels, other)
    deviations = (losses - losses.mean()) / len(losses)
    return _make_estimate(float(losses.mean()), _sum_by_cluster(deviations, days), 0.95)


def measure_losses(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The log loss of each row, shape (n,)."""
    of_label = np.where(labels == 1, scores, 1 - scores)
    losses: np.ndarray = -np.log(np.clip(of_label, LEAST_PROBABILITY, 1))
    return losses
