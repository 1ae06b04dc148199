"""The kind of a target that is an event, which happens or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import Metric, measure_auc, measure_log_loss
from .base import SCORE, Calibration, Kind, Stored, balance_events


@dataclass(frozen=True)
class Binary(Kind):
    """Will an event happen? Labels are 1.0 or 0.0, scores are probabilities.

    Usage: `Binary(event="late")`.

    Attributes:
        event: How an example with the label 1 is called, such as late.
    """

    event: str

    primary = Metric("AUC", 1, measure_auc)
    loss = Metric("log loss", -1, measure_log_loss)
    balance = "ratio"
    scores_are = "probabilities"
    top = "riskiest"

    @property
    def columns(self) -> tuple[Stored, ...]:
        """See `Kind`."""
        return (Stored(SCORE, "double", f"probability of being {self.event}"),)

    @property
    def shape(self) -> tuple[object, ...]:
        """See `Kind`."""
        return ("binary",)

    def encode(self, labels: pd.Series) -> np.ndarray:
        """See `Kind`."""
        numbers = labels.to_numpy(dtype=float)
        unknown = numbers[(numbers != 0) & (numbers != 1)]
        if len(unknown):
            raise ValueError(f"label {unknown[0]:g} is neither 1 nor 0, as of a Binary target")
        return numbers

    def find_fault(self, labels: np.ndarray) -> str | None:
        """See `Kind`."""
        return None if 0 < labels.sum() < len(labels) else "one class only"

    def count(self, labels: np.ndarray) -> str:
        """See `Kind`."""
        return f"{int(labels.sum())} of them {self.event}"

    def sum_up(self, labels: np.ndarray) -> dict[str, float]:
        """See `Kind`."""
        return {"label_rate": float(labels.mean())}

    def score_naively(self, metric: Metric, known: Mapping[str, float], rows: int) -> np.ndarray:
        """See `Kind`."""
        del metric  # both ask for the same
        return np.full(rows, known["label_rate"])

    def read_output(self, output: Any) -> np.ndarray:
        """See `Kind`."""
        scores: np.ndarray = np.asarray(output, dtype=float)[:, 1]
        return scores

    def find_wrong(self, scores: np.ndarray) -> np.ndarray:
        """See `Kind`."""
        wrong: np.ndarray = ~((scores >= 0) & (scores <= 1))
        return wrong

    def measure_calibration(self, labels: np.ndarray, scores: np.ndarray) -> list[Calibration]:
        """See `Kind`."""
        return [balance_events(labels, scores, "", self.event)]

    def describe_mean(self, mean: float) -> str:
        """See `Kind`."""
        return f"{mean:.1%} expected {self.event}"

    def describe(self, prediction: Mapping[str, Any]) -> str:
        """See `Kind`."""
        return f"{prediction[SCORE]:.0%} {self.event}"
