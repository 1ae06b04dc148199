"""Computes the facts that monitoring records, from counts and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..registry.drift import Baseline, ColumnBaseline, compute_psi, list_drifting
from ..use_case.problem import PROBLEM

AFTERWARDS = "afterwards"
# The bins of a column that is 0 or 1.
YES_OR_NO: ColumnBaseline = {"edges": [0.5], "values": None, "counts": [0] * 3, "threshold": 0.0}


@dataclass(frozen=True)
class Fact:
    """One observed number; `value` is None where the number cannot be computed."""

    kind: str
    subject: str
    statistic: str
    value: float | None
    threshold: float | None = None

    @property
    def alert(self) -> bool:
        """Whether the value lies beyond its threshold."""
        return self.value is not None and self.threshold is not None and self.value > self.threshold


def measure_drift(baseline: Baseline, counts: Mapping[str, list[int]]) -> list[Fact]:
    """Measures each column's PSI against the baseline, with training's own variation as limit."""
    return [
        Fact(
            "prediction_drift" if name in list_drifting() else "input_drift",
            name,
            "psi",
            compute_psi(baseline[name]["counts"], counted),
            baseline[name]["threshold"],
        )
        for name, counted in counts.items()
    ]


def name_timing(days_ahead: int | None) -> str:
    """Names when predictions were made: in time, and how many days ahead, or afterwards."""
    if days_ahead is None:
        return AFTERWARDS
    return f"in time, {days_ahead} days ahead" if days_ahead else "in time"


def measure_performance(subject: str, labels: np.ndarray, scores: np.ndarray) -> list[Fact]:
    """Measures predictions whose labels have arrived: primary metric, loss and calibration.

    A number that cannot be computed, such as an AUC of one class, is null.

    Args:
        subject: The name of these predictions.
        labels: As the problem's kind encodes them, shape (n,).
        scores: Its scores, shape (n,) or (n, classes).
    """
    facts = {"labels": float(len(labels)), **PROBLEM.kind.measure(labels, scores)}
    for part in PROBLEM.kind.measure_calibration(labels, scores) if len(labels) else ():
        facts[f"calibration {part.part}".strip()] = part.slope.value
    return [
        Fact("performance", subject, name, None if math.isnan(value) else value)
        for name, value in facts.items()
    ]


def count_absent(counts: Mapping[str, list[int]]) -> list[Fact]:
    """Counts the examples that have none of a table's features, and so are scored with nulls.

    Args:
        counts: By table, the bins of `YES_OR_NO`.
    """
    return [
        Fact("volume", table, "without_features", float(counted[1]))
        for table, counted in counts.items()
    ]


def count_alerts(facts: list[Fact]) -> int:
    """Counts the facts that lie beyond their thresholds."""
    return sum(fact.alert for fact in facts)
