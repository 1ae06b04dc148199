"""The base of all kinds of target.

Labels are encoded as numbers, shape (n,). Scores are a model's answers: a probability or a number
for each row, shape (n,); or a probability for each class, shape (n, classes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from ..metrics import Measured, Metric, measure_logistic_slope

# Columns of predictions: every kind has the first, classes have the others too.
SCORE = "score"
PREDICTED, SCORES = "predicted", "scores"


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
        said: A phrase with what was observed and what was expected.
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
        balance: Names `Calibration.balance`: 'ratio' or 'bias'.
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
        """Makes scores from the labels of the training alone.

        Args:
            metric: The metric that the scores are to be good by.
            known: The metrics from `sum_up`.
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


def balance_events(labels: np.ndarray, scores: np.ndarray, part: str, event: str) -> Calibration:
    """Measures how far probabilities of one event can be taken at their word."""
    expected, observed = float(scores.sum()), float(labels.sum())
    ratio = observed / expected if expected else float("nan")
    said = f"{observed:.0f} {event}, {expected:.0f} expected"
    return Calibration(part, measure_logistic_slope(labels, scores), ratio, said)
