"""Scores rows with a model version; every job scores by this module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import StringType, StructField, StructType

from ..platform.arrow import join_batches, spread
from ..platform.first_step import join_reasons
from ..platform.vocabulary import parse_type
from ..use_case.problem import PROBLEM
from .loading import ScoringModel


def score(model: ScoringModel, rows: pd.DataFrame) -> np.ndarray:
    """Computes the scores of rows, whatever rules they break; `PROBLEM.kind` says what they are.

    Args:
        rows: At least the columns `model.inputs`; nulls allowed.

    Returns:
        Shape (len(rows),), or (len(rows), classes).
    """
    return PROBLEM.kind.predict(model.rest, model.first.compute(rows))


def select_sound(model: ScoringModel, rows: pd.DataFrame) -> pd.DataFrame:
    """Selects the rows that break no rule of the model's first step."""
    _, faults = model.first.examine(rows)
    return rows[pd.isna(join_reasons(faults, len(rows)))]


def score_frame(
    model: ScoringModel, rows: DataFrame, kept: Sequence[str] = PROBLEM.key, unscored: str = ""
) -> DataFrame:
    """Scores a Spark frame in parallel; returns the columns `kept`, and those of the kind.

    The columns of the frame stay in Arrow; the model alone gets pandas, which it was trained on.

    Args:
        kept: Columns of the frame, and inputs that the model's first step computes.
        unscored: A column to add. A row that breaks a rule of the first step, or whose score cannot
            be any, gets the reason there, and no score. Without this column every row is scored.
    """
    inputs, own = list(model.inputs), [name for name in kept if name in rows.columns]
    added = _list_computed(model, set(kept) - {*own})
    added += [StructField(told.name, parse_type(told.type)) for told in PROBLEM.kind.columns]
    added += [StructField(unscored, StringType())] if unscored else []
    types = {field.name: to_arrow_type(field.dataType) for field in added}
    score_rows = _make_scorer(model, types, unscored)

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in join_batches(batches):
            made = score_rows(batch.select(inputs).to_pandas())
            yield pa.RecordBatch.from_pydict({name: batch.column(name) for name in own} | made)

    schema = StructType([*rows.select(*own).schema, *added])
    return rows.select(*dict.fromkeys((*own, *inputs))).mapInArrow(score_batches, schema)


def _list_computed(model: ScoringModel, names: set[str]) -> list[StructField]:
    # Numbers reach a model as doubles.
    types = {r.name: "string" if r.type == "string" else "double" for r in model.first.computed}
    return [StructField(name, parse_type(t)) for name, t in types.items() if name in names]


def _make_scorer(
    model: ScoringModel, types: Mapping[str, pa.DataType], unscored: str
) -> Callable[[pd.DataFrame], dict[str, pa.Array]]:
    """Makes a function of rows that Spark's workers call; it returns the columns of `types`."""
    # Taken here: a worker shall import neither this module nor the problem.
    kind, first, rest = PROBLEM.kind, model.first, model.rest
    wrong = f"what the model gave is not {kind.scores_are}"

    def score_rows(rows: pd.DataFrame) -> dict[str, pa.Array]:
        found, faults = first.examine(rows)
        reasons = join_reasons(faults if unscored else [], len(found))
        sound = pd.isna(reasons)
        scores = kind.predict(rest, found if sound.all() else found[sound])
        if unscored:
            reasons[np.flatnonzero(sound)[kind.find_wrong(scores)]] = wrong
        made = {n: pa.array(found[n], types[n]) for n in types if n in found}
        for name, values in kind.tabulate(scores).items():
            made[name] = spread(pa.array(values, types[name]), sound, pd.isna(reasons))
        if unscored:
            made[unscored] = pa.array(reasons, types[unscored])
        return {name: made[name] for name in types}

    return score_rows
