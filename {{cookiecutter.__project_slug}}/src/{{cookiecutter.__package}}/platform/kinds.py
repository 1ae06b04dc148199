"""Kinds of target: what a model of each kind predicts, and how predictions are measured.

Labels are encoded as numbers, shape (n,). Scores are what a model says of them: a probability or a
number for each row, shape (n,); or a probability for each class, shape (n, classes).

Spark's Python workers import this module, so it imports NumPy and pandas alone.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from .metrics import (
    Measured,
    Metric,
    make_nothing,
    measure_absolute_error,
    measure_auc,
    measure_class_log_loss,
    measure_linear_slope,
    measure_log_loss,
    measure_logistic_slope,
    measure_macro_auc,
    measure_squared_error,
)

# Columns of predictions: every kind has the first, classes have the others too.
SCORE = "score"
PREDICTED, SCORES = "predicted", "scores"
# Probabilities of all classes may differ from 1 by this, for rounding.
ROUNDING = 1e-6


class Stored(NamedTuple):
    """A column in which predictions are stored."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Calibration:
    """How far scores can be taken at their word.

    Attributes:
        part: The class that is meant; empty where there is one target only.
        slope: 1 where scores are neither too bold (below) nor too timid (above).
        balance: Observed beside expected, which `Kind.balance` names.
        said: What was observed and expected, in words.
    """

    part: str
    slope: Measured
    balance: float
    said: str


class Kind(ABC):
    """A kind of target.

    Attributes:
        primary: The metric that the gate compares versions by.
        loss: The metric that training minimises, and that tells wrong scores from right ones where
            the primary metric does not.
        balance: What `Calibration.balance` is: 'ratio' or 'bias'.
        scores_are: How its scores are called.
        score_range: The least and the greatest number that a column `score` may have.
        top: How the examples with the greatest scores are called.
        method: The method of a scikit-learn model that scores.
        result_type: The SQL type of what that method returns for a row.
        columns: The columns that a prediction is stored in, `score` first.
        takes_rules: Whether one input, as a rule of thumb, can be compared with scores.
    """

    primary: ClassVar[Metric]
    loss: ClassVar[Metric]
    balance: ClassVar[str]
    scores_are: ClassVar[str]
    score_range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    top: ClassVar[str]
    method: ClassVar[str] = "predict_proba"
    result_type: ClassVar[str] = "array<double>"
    takes_rules: ClassVar[bool] = True

    @property
    @abstractmethod
    def columns(self) -> tuple[Stored, ...]:
        """See the class."""

    @property
    @abstractmethod
    def shape(self) -> tuple[object, ...]:
        """All that a training depends on, without words."""

    @property
    def label_type(self) -> str:
        """The SQL type of labels."""
        return "double"

    @property
    def no_scores(self) -> np.ndarray:
        """The scores of no rows."""
        return np.empty(0)

    @abstractmethod
    def encode(self, labels: pd.Series) -> np.ndarray:
        """Encodes labels as numbers.

        Raises:
            ValueError: A label is none of those that the kind knows.
        """

    @abstractmethod
    def find_fault(self, labels: np.ndarray) -> str | None:
        """Finds the reason why labels can train or judge no model, if there is one."""

    @abstractmethod
    def count(self, labels: np.ndarray) -> str:
        """Says how many labels of which sort there are."""

    @abstractmethod
    def sum_up(self, labels: np.ndarray) -> dict[str, float]:
        """Sums up the labels of a training, as metrics of its run that give the naive scores."""

    @abstractmethod
    def score_naively(self, metric: Metric, known: Mapping[str, float], rows: int) -> np.ndarray:
        """Makes the scores of who knows only the labels of the training.

        Args:
            metric: The metric that the scores are to be good by.
            known: What `sum_up` said.
        """

    def score_by_rule(self, values: pd.Series) -> np.ndarray:
        """Makes the scores of a rule of thumb; where its input is missing, the mean takes part."""
        numbers = values.astype(float)
        return numbers.fillna(numbers.mean()).to_numpy()

    def read_output(self, output: Any) -> np.ndarray:
        """Reads scores from what a model's `method` returned."""
        scores: np.ndarray = np.asarray(output, dtype=float)
        return scores

    def predict(self, pipeline: Any, rows: pd.DataFrame) -> np.ndarray:
        """Scores rows by a scikit-learn model, which refuses a table without rows.

        Args:
            rows: The inputs of the model, in order; nulls allowed.
        """
        if not len(rows):
            return self.no_scores
        return self.read_output(getattr(pipeline, self.method)(rows))

    def tabulate(self, scores: np.ndarray) -> dict[str, Any]:
        """Makes the values of `columns` of scores."""
        return {SCORE: scores}

    def read_table(self, rows: pd.DataFrame) -> np.ndarray:
        """Reads scores back from `columns`."""
        return rows[SCORE].to_numpy(dtype=float)

    def measure(self, labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
        """Measures scores by both metrics, by role."""
        roles = {"primary": self.primary, "loss": self.loss}
        return {role: metric.measure(labels, scores).value for role, metric in roles.items()}

    @abstractmethod
    def find_wrong(self, scores: np.ndarray) -> np.ndarray:
        """Finds the scores that cannot be any, shape (n,) of booleans."""

    @abstractmethod
    def measure_calibration(self, labels: np.ndarray, scores: np.ndarray) -> list[Calibration]:
        """Measures how far scores can be taken at their word, by part."""

    @abstractmethod
    def describe_mean(self, mean: float) -> str:
        """Describes the mean of a column `score`."""

    @abstractmethod
    def describe(self, prediction: Mapping[str, Any]) -> str:
        """Describes one prediction, given `columns`."""


def _balance_events(labels: np.ndarray, scores: np.ndarray, part: str, event: str) -> Calibration:
    expected, observed = float(scores.sum()), float(labels.sum())
    ratio = observed / expected if expected else float("nan")
    said = f"{observed:.0f} {event}, {expected:.0f} expected"
    return Calibration(part, measure_logistic_slope(labels, scores), ratio, said)


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
        return [_balance_events(labels, scores, "", self.event)]

    def describe_mean(self, mean: float) -> str:
        """See `Kind`."""
        return f"{mean:.1%} expected {self.event}"

    def describe(self, prediction: Mapping[str, Any]) -> str:
        """See `Kind`."""
        return f"{prediction[SCORE]:.0%} {self.event}"


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
    def label_type(self) -> str:
        """See `Kind`."""
        return "string"

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
        maps = [dict(zip(self.classes, row, strict=True)) for row in scores.tolist()]
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
            _balance_events((labels == k).astype(float), scores[:, k], name, name)
            for k, name in enumerate(self.classes)
        ]

    def describe_mean(self, mean: float) -> str:
        """See `Kind`."""
        return f"{mean:.1%} sure on average"

    def describe(self, prediction: Mapping[str, Any]) -> str:
        """See `Kind`."""
        return f"{prediction[SCORE]:.0%} {prediction[PREDICTED]}"
