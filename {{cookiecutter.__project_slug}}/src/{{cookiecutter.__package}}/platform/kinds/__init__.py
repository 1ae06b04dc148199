"""Kinds of target: what a model of each kind predicts, and how predictions are measured.

Spark's Python workers import these modules, so they import NumPy and pandas alone.
"""

from .base import PREDICTED, SCORE, SCORES, Calibration, Kind
from .binary import Binary
from .multi_class import MultiClass
from .regression import Regression

__all__ = (
    "PREDICTED",
    "SCORE",
    "SCORES",
    "Binary",
    "Calibration",
    "Kind",
    "MultiClass",
    "Regression",
)
