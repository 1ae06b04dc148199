"""The one computation of a score.

Spark's Python workers import this module, so it imports little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def predict_probability(pipeline: Any, inputs: Sequence[str], rows: pd.DataFrame) -> np.ndarray:
    """Computes the probability of the event for each row.

    Args:
        pipeline: A scikit-learn pipeline, from columns `inputs` to class probabilities.
        rows: At least the columns `inputs`; nulls allowed.

    Returns:
        Floats in [0, 1], shape (len(rows),).
    """
    if rows.empty:
        return np.empty(0)
    probabilities: np.ndarray = pipeline.predict_proba(rows[list(inputs)])[:, 1]
    return probabilities
