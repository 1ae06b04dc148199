"""Scores rows with a model version; every job scores by this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.types import DoubleType, StructField, StructType

from ..use_case.problem import PROBLEM
from .loading import ScoringModel
from .probability import predict_probability


def score(model: ScoringModel, rows: pd.DataFrame) -> np.ndarray:
    """Computes the probability of the event for each row.

    Args:
        rows: At least the columns `model.inputs`; nulls allowed.

    Returns:
        Floats in [0, 1], shape (len(rows),).
    """
    return predict_probability(model.pipeline, model.inputs, rows)


def score_frame(
    model: ScoringModel, rows: DataFrame, kept: Sequence[str] = PROBLEM.key
) -> DataFrame:
    """Scores a Spark frame in parallel; returns the columns `kept` and `probability`."""

    pipeline, inputs, others = model.pipeline, model.inputs, list(kept)

    def score_batches(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            probability = predict_probability(pipeline, inputs, batch)
            yield batch[others].assign(probability=probability)

    types = rows.select(*others).schema
    scored = StructType([*types, StructField("probability", DoubleType())])
    return rows.select(*dict.fromkeys((*others, *inputs))).mapInPandas(score_batches, scored)
