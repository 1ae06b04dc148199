"""Computes the facts that monitoring records, from counts and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from ..registry.drift import Baseline, ColumnBaseline, compute_psi

PREDICTION = "probability"
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
            "prediction_drift" if name == PREDICTION else "input_drift",
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
    """Measures AUC, log loss and Brier score of predictions whose labels have arrived.

    A metric that needs labels of both classes is null without them.

    Args:
        subject: The name of these predictions.
        labels: 0 or 1, shape (n,).
        scores: Probabilities, shape (n,).
    """
    both = 0 < labels.sum() < len(labels)
    values = {
        "labels": float(len(labels)),
        "auc": float(roc_auc_score(labels, scores)) if both else None,
        "log_loss": float(log_loss(labels, scores)) if both else None,
        "brier": float(brier_score_loss(labels, scores)) if len(labels) else None,
    }
    return [Fact("performance", subject, name, value) for name, value in values.items()]


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
