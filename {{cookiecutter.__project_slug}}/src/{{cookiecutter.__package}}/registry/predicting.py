"""Scores rows with a model version; every job scores by this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.types import StructField, StructType

from ..platform.vocabulary import parse_type
from ..use_case.problem import PROBLEM
from .loading import ScoringModel


def score(model: ScoringModel, rows: pd.DataFrame) -> np.ndarray:
    """Computes the scores of rows; `PROBLEM.kind` says what they are.

    Args:
        rows: At least the columns `model.inputs`; nulls allowed.

    Returns:
        Shape (len(rows),), or (len(rows), classes).
    """
    return PROBLEM.kind.predict(model.pipeline, rows[list(model.inputs)])


def score_frame(
    model: ScoringModel, rows: DataFrame, kept: Sequence[str] = PROBLEM.key
) -> DataFrame:
    """Scores a Spark frame in parallel; returns the columns `kept`, and those of the kind."""

    kind, pipeline, inputs, others = PROBLEM.kind, model.pipeline, list(model.inputs), list(kept)

    def score_batches(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            columns: dict[str, Any] = kind.tabulate(kind.predict(pipeline, batch[inputs]))
            yield batch[others].assign(**columns)

    added = [StructField(c.name, parse_type(c.type)) for c in kind.columns]
    scored = StructType([*rows.select(*others).schema, *added])
    return rows.select(*dict.fromkeys((*others, *inputs))).mapInPandas(score_batches, scored)
