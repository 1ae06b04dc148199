"""Scores rows with a model version; every job scores by this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_type
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
    """Scores a Spark frame in parallel; returns the columns `kept`, and those of the kind.

    The columns `kept` stay in Arrow; the model alone gets pandas, which it was trained on.
    """
    kind, pipeline, inputs, others = PROBLEM.kind, model.pipeline, list(model.inputs), list(kept)
    added = [StructField(c.name, parse_type(c.type)) for c in kind.columns]
    types = {field.name: to_arrow_type(field.dataType) for field in added}

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            made = kind.tabulate(kind.predict(pipeline, batch.select(inputs).to_pandas()))
            columns = {name: batch.column(name) for name in others}
            columns |= {name: pa.array(made[name], told) for name, told in types.items()}
            yield pa.RecordBatch.from_pydict(columns)

    scored = StructType([*rows.select(*others).schema, *added])
    return rows.select(*dict.fromkeys((*others, *inputs))).mapInArrow(score_batches, scored)
