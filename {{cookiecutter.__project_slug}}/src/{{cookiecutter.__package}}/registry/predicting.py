"""Scores rows with a model version; every job scores by this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import StructField, StructType

from ..platform.arrow import find_nulls, join_batches, put_text, spread
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
    model: ScoringModel, rows: DataFrame, kept: Sequence[str] = PROBLEM.key, unless: str = ""
) -> DataFrame:
    """Scores a Spark frame in parallel; returns the columns `kept`, and those of the kind.

    The columns `kept` stay in Arrow; the model alone gets pandas, which it was trained on.

    Args:
        unless: One of `kept`. A row that has a text there is not scored; one whose score cannot be
            any gets a text there, and no score.
    """
    kind, pipeline, inputs, others = PROBLEM.kind, model.pipeline, list(model.inputs), list(kept)
    added = [StructField(c.name, parse_type(c.type)) for c in kind.columns]
    types = {field.name: to_arrow_type(field.dataType) for field in added}
    wrong = f"what the model gave is not {kind.scores_are}"

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in join_batches(batches):
            columns = {name: batch.column(name) for name in others}
            sound = find_nulls(columns[unless]) if unless else np.ones(len(batch), bool)
            some = batch if sound.all() else batch.filter(pa.array(sound))
            scores = kind.predict(pipeline, some.select(inputs).to_pandas())
            made = kind.tabulate(scores)
            scored = {name: pa.array(made[name], told) for name, told in types.items()}
            if unless:
                right = sound.copy()
                right[sound] = ~kind.find_wrong(scores)
                columns[unless] = put_text(columns[unless], sound & ~right, wrong)
                scored = {name: spread(values, sound, right) for name, values in scored.items()}
            yield pa.RecordBatch.from_pydict(columns | scored)

    scored = StructType([*rows.select(*others).schema, *added])
    return rows.select(*dict.fromkeys((*others, *inputs))).mapInArrow(score_batches, scored)
