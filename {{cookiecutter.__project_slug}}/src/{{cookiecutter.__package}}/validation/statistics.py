"""Metrics with intervals; rows of a day are not independent, so days are resampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 400
SEED = 2013


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; NaN where it cannot be computed."""

    value: float
    lower: float
    upper: float


def estimate_auc(labels: np.ndarray, scores: np.ndarray, days: np.ndarray) -> Estimate:
    """Area under the ROC curve, interval by the bootstrap over days."""
    return estimate_auc_difference(labels, scores, np.zeros_like(scores), days, offset=0.5)


def estimate_auc_difference(
    labels: np.ndarray,
    scores: np.ndarray,
    other: np.ndarray,
    days: np.ndarray,
    offset: float = 0.0,
) -> Estimate:
    """Difference of two scores' AUC on the same rows, by the paired cluster bootstrap.

    Source: Field and Welsh, Bootstrapping clustered data, JRSS B 69 (2007) 369-390.

    Args:
        labels: 0 or 1, shape (n,).
        scores, other: Shape (n,).
        days: Cluster of each row, shape (n,).
        offset: Added to every value.
    """
    curves = RankedScores(labels, scores), RankedScores(labels, other)
    codes, clusters = _number(days)
    ones = np.ones(len(labels))
    value = curves[0].compute_auc(ones) - curves[1].compute_auc(ones) + offset
    generator = np.random.default_rng(SEED)
    draws = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(0, clusters, clusters), minlength=clusters)
        weights = times[codes].astype(float)
        draws.append(curves[0].compute_auc(weights) - curves[1].compute_auc(weights) + offset)
    lower, upper = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(value), float(lower), float(upper))


def _number(clusters: np.ndarray) -> tuple[np.ndarray, int]:
    names, codes = np.unique(clusters, return_inverse=True)
    return codes, len(names)


class RankedScores:
    """Scores sorted once, for AUCs under many weightings of the rows."""

    def __init__(self, labels: np.ndarray, scores: np.ndarray) -> None:
        self._order = np.argsort(scores, kind="stable")
        self._late = labels[self._order].astype(bool)
        self._starts = np.unique(scores[self._order], return_index=True)[1]

    def compute_auc(self, weights: np.ndarray) -> float:
        """The weighted share of (positive, negative) pairs in order; a tie counts half.

        Source: Hanley and McNeil, Radiology 143 (1982) 29-36. NaN without one of the classes.
        """
        weights = weights[self._order]
        positive = np.add.reduceat(np.where(self._late, weights, 0.0), self._starts)
        negative = np.add.reduceat(np.where(self._late, 0.0, weights), self._starts)
        pairs = positive.sum() * negative.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(negative) - negative / 2
        return float((positive * below).sum() / pairs)
