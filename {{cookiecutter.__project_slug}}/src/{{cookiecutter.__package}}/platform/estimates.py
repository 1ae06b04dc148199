"""Estimates with intervals, for rows of which some belong together, such as those of one day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from .metrics import Measured


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where it cannot be computed."""

    value: float
    lower: float = math.nan
    upper: float = math.nan

    @property
    def reach(self) -> float:
        """Half the width of the interval."""
        return (self.upper - self.lower) / 2

    def shift(self, by: float) -> Estimate:
        """Returns the estimate of the value plus a constant."""
        return Estimate(self.value + by, self.lower + by, self.upper + by)

    def __str__(self) -> str:
        """The value and its interval, if there is one."""
        if math.isnan(self.lower):
            return f"{self.value:.3f} (no interval)"
        return f"{self.value:.3f} ({self.lower:.3f} to {self.upper:.3f})"


NOTHING = Estimate(math.nan)


def estimate(measured: Measured, clusters: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Estimates what was measured, with an interval for clustered rows.

    Source: Liang and Zeger, Biometrika 73 (1986) 13-22, and for the AUC Obuchowski, Biometrics 53
    (1997) 567-578; Student's t with one degree of freedom less than there are clusters.

    Args:
        clusters: The cluster of each row, shape (n,).
        confidence: Coverage of the interval.

    Returns:
        Without an interval where nothing varies, as for scores that part labels without exception;
        equal scores differ by exactly 0.
    """
    sums = _sum_by_cluster(measured.influence, clusters)
    if len(sums) < 2 or math.isnan(measured.value):
        return Estimate(measured.value)
    if not sums.any():
        return Estimate(0.0, 0.0, 0.0) if measured.value == 0 else Estimate(measured.value)
    error = math.sqrt(len(sums) / (len(sums) - 1) * np.square(sums).sum())
    reach = float(stats.t.ppf((1 + confidence) / 2, len(sums) - 1)) * error
    return Estimate(measured.value, measured.value - reach, measured.value + reach)


def _sum_by_cluster(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    _, codes = np.unique(clusters, return_inverse=True)
    return np.bincount(codes, weights=values)
