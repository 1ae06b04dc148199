"""The kind of a target that is a number."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import (
    Metric,
    make_nothing,
    measure_absolute_error,
    measure_linear_slope,
    measure_squared_error,
)
from .base import SCORE, Calibration, Kind, Stored


@dataclass(frozen=True)
class Regression(Kind):
    """How much will it be? Labels and scores are numbers of one unit.

    Usage: `Regression(unit="miles")`.

    Attributes:
        unit: The unit of the labels.
    """

    unit: str

    primary = Metric("MAE", -1, measure_absolute_error)
    loss = Metric("MSE", -1, measure_squared_error)
    balance = "bias"
    scores_are = "numbers"
    score_range = (-sys.float_info.max, sys.float_info.max)
    top = "greatest"
    method = "predict"
    result_type = "double"

    @property
    def columns(self) -> tuple[Stored, ...]:
        """See `Kind`."""
        return (Stored(SCORE, "double", self.unit),)

    @property
    def shape(self) -> tuple[object, ...]:
        """See `Kind`."""
        return ("regression",)

    def encode(self, labels: pd.Series) -> np.ndarray:
        """See `Kind`."""
        numbers = labels.to_numpy(dtype=float)
        unknown = numbers[~np.isfinite(numbers)]
        if len(unknown):
            raise ValueError(f"label {unknown[0]} is no finite number, as of a Regression target")
        return numbers

    def find_fault(self, labels: np.ndarray) -> str | None:
        """See `Kind`."""
        return None if len(labels) and np.ptp(labels) > 0 else "all labels are the same"

    def count(self, labels: np.ndarray) -> str:
        """See `Kind`."""
        return f"of {labels.min():g} to {labels.max():g} {self.unit}"

    def sum_up(self, labels: np.ndarray) -> dict[str, float]:
        """See `Kind`."""
        return {"label_mean": float(labels.mean()), "label_median": float(np.median(labels))}

    def score_naively(self, metric: Metric, known: Mapping[str, float], rows: int) -> np.ndarray:
        """See `Kind`; the median has the least absolute error, the mean the least squared one."""
        of_metric = "label_median" if metric is self.primary else "label_mean"
        return np.full(rows, known[of_metric])

    def find_wrong(self, scores: np.ndarray) -> np.ndarray:
        """See `Kind`."""
        wrong: np.ndarray = ~np.isfinite(scores)
        return wrong

    def measure_calibration(self, labels: np.ndarray, scores: np.ndarray) -> list[Calibration]:
        """See `Kind`; the bias is in standard deviations of the labels."""
        if not len(labels):
            return [Calibration("", make_nothing(0), float("nan"), "no labels")]
        spread = float(labels.std())
        bias = float((labels - scores).mean()) / spread if spread else float("nan")
        said = f"{labels.mean():.3g} {self.unit} on average, {scores.mean():.3g} expected"
        return [Calibration("", measure_linear_slope(labels, scores), bias, said)]

    def describe_mean(self, mean: float) -> str:
        """See `Kind`."""
        return f"{mean:.3g} {self.unit} on average"

    def describe(self, prediction: Mapping[str, Any]) -> str:
        """See `Kind`."""
        return f"{prediction[SCORE]:.3g} {self.unit}"
