"""The kind of a target that is one of several classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import Metric, measure_class_log_loss, measure_macro_auc
from .base import PREDICTED, SCORE, SCORES, Calibration, Kind, Stored, balance_events

# Probabilities of all classes may differ from 1 by this, for rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class MultiClass(Kind):
    """Which class will it be? Labels are texts, scores are probabilities of all classes.

    Usage: `MultiClass(classes=("early", "on time", "late"))`.

    Attributes:
        classes: The labels, in an order that reads well.
    """

    classes: tuple[str, ...]

    primary = Metric("macro AUC", 1, measure_macro_auc)
    loss = Metric("log loss", -1, measure_class_log_loss)
    balance = "ratio"
    scores_are = "probabilities"
    top = "surest"
    takes_rules = False

    def __post_init__(self) -> None:
        if len(set(self.classes)) < max(3, len(self.classes)):
            raise ValueError(f"classes: {self.classes} are not three or more different texts")

    @property
    def columns(self) -> tuple[Stored, ...]:
        """See `Kind`."""
        return (
            Stored(SCORE, "double", "probability of the class that is predicted"),
            Stored(PREDICTED, "string", f"the likeliest of {', '.join(self.classes)}"),
            Stored(SCORES, "map<string,double>", "probability of each class"),
        )

    @property
    def shape(self) -> tuple[object, ...]:
        """See `Kind`."""
        return ("classes", *self.classes)

    @property
    def no_scores(self) -> np.ndarray:
        """See `Kind`."""
        return np.empty((0, len(self.classes)))

    def encode(self, labels: pd.Series) -> np.ndarray:
        """See `Kind`."""
        codes = labels.map({name: number for number, name in enumerate(self.classes)})
        unknown = labels[codes.isna().to_numpy()]
        if len(unknown):
            known = ", ".join(self.classes)
            raise ValueError(f"label {unknown.iloc[0]!r} is none of the classes {known}")
        return codes.to_numpy(dtype=float)

    def find_fault(self, labels: np.ndarray) -> str | None:
        """See `Kind`."""
        absent = [name for k, name in enumerate(self.classes) if not (labels == k).any()]
        return f"no label {' and no '.join(absent)}" if absent else None

    def count(self, labels: np.ndarray) -> str:
        """See `Kind`."""
        counts = (f"{(labels == k).sum()} {name}" for k, name in enumerate(self.classes))
        return ", ".join(counts)

    def sum_up(self, labels: np.ndarray) -> dict[str, float]:
        """See `Kind`."""
        return {f"label_rate_{k}": float((labels == k).mean()) for k in range(len(self.classes))}

    def score_naively(self, metric: Metric, known: Mapping[str, float], rows: int) -> np.ndarray:
        """See `Kind`."""
        del metric  # both ask for the same
        rates = [known[f"label_rate_{k}"] for k in range(len(self.classes))]
        return np.tile(rates, (rows, 1))

    def tabulate(self, scores: np.ndarray) -> dict[str, Any]:
        """See `Kind`."""
        best = np.asarray(self.classes, dtype=object)[scores.argmax(axis=1)]
        # Arrow takes a map as its pairs.
        maps = [[*zip(self.classes, row, strict=True)] for row in scores.tolist()]
        return {SCORE: scores.max(axis=1), PREDICTED: best, SCORES: maps}

    def read_table(self, rows: pd.DataFrame) -> np.ndarray:
        """See `Kind`."""
        maps = [dict(scores) for scores in rows[SCORES]]
        found = [[scores[name] for name in self.classes] for scores in maps]
        return np.array(found).reshape(len(rows), len(self.classes))

    def find_wrong(self, scores: np.ndarray) -> np.ndarray:
        """See `Kind`."""
        single = (scores >= 0) & (scores <= 1)
        wrong: np.ndarray = ~(single.all(axis=1) & (np.abs(scores.sum(axis=1) - 1) <= ROUNDING))
        return wrong

    def measure_calibration(self, labels: np.ndarray, scores: np.ndarray) -> list[Calibration]:
        """See `Kind`."""
        return [
            balance_events((labels == k).astype(float), scores[:, k], name, name)
            for k, name in enumerate(self.classes)
        ]

    def describe_mean(self, mean: float) -> str:
        """See `Kind`."""
        return f"{mean:.1%} sure on average"

    def describe(self, prediction: Mapping[str, Any]) -> str:
        """See `Kind`."""
        return f"{prediction[SCORE]:.0%} {prediction[PREDICTED]}"
