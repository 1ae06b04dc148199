"""Drift of a column against its baseline, by the population stability index (PSI).

PSI is the symmetrised Kullback-Leibler divergence of binned shares, sum((p - q) * ln(p / q)).
Source: Siddiqi, Credit Risk Scorecards (2006), chapter 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from ..platform.vocabulary import TYPES
from ..use_case.problem import PROBLEM

BASELINE_FILE = "baseline.json"
BINS = 10
# By the usual reading, a PSI below 0.2 means no shift, however calm the training period was.
LEAST_THRESHOLD = 0.2
# Added to every bin, so that an empty one does not make the index infinite.
SMOOTHING = 0.5


class ColumnBaseline(TypedDict):
    """A column's bins in training: `edges` of numbers, or `values` of categories.

    `counts` has a bin for each interval, or for each category and one for others; the last bin
    counts nulls. `threshold` is the greatest PSI between a stretch of training and all of training,
    but at least `LEAST_THRESHOLD`.
    """

    edges: list[float] | None
    values: list[str] | None
    counts: list[int]
    threshold: float


Baseline = dict[str, ColumnBaseline]


def build_baseline(frame: pd.DataFrame, periods: pd.Series) -> Baseline:
    """Builds the bins and thresholds of every column of `frame`.

    Args:
        periods: The stretch of training that each row belongs to; stretches should be about as
            long as the windows that monitoring compares.
    """
    return {name: _describe_column(frame[name], periods) for name in frame.columns}


def tabulate_scores(scores: np.ndarray) -> pd.DataFrame:
    """Makes the columns of predictions that can drift: numbers and names, but no maps."""
    columns = PROBLEM.kind.tabulate(scores)
    return pd.DataFrame({name: columns[name] for name in list_drifting()})


def list_drifting() -> list[str]:
    """Lists the columns of predictions that can drift."""
    return [column.name for column in PROBLEM.kind.columns if column.type in TYPES]


def _describe_column(column: pd.Series, periods: pd.Series) -> ColumnBaseline:
    numeric = pd.api.types.is_numeric_dtype(column)
    edges = _find_edges(column) if numeric else None
    values = None if numeric else sorted(column.dropna().unique().tolist())
    baseline = ColumnBaseline(edges=edges, values=values, counts=[], threshold=LEAST_THRESHOLD)
    baseline["counts"] = count_bins(column, baseline)
    for _, part in column.groupby(periods):
        psi = compute_psi(baseline["counts"], count_bins(part, baseline)) or 0.0
        baseline["threshold"] = max(baseline["threshold"], psi)
    return baseline


def _find_edges(column: pd.Series) -> list[float]:
    # Quantiles of distinct values count too: a column that is nearly always 0 has one quantile.
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    present = column.dropna().to_numpy(dtype=float)
    if not len(present):
        return []
    quantiles = (np.quantile(present, shares), np.quantile(np.unique(present), shares))
    return [float(edge) for edge in np.unique(np.concatenate(quantiles))]


def count_bins(column: pd.Series, baseline: ColumnBaseline) -> list[int]:
    """Counts the rows of `column` in each of the baseline's bins."""
    edges, values = baseline["edges"], baseline["values"]
    if values is not None:
        codes = pd.Categorical(column, categories=values).codes.astype(int)
        codes = np.where(codes < 0, len(values), codes)
        size = len(values) + 2
    else:
        codes = np.searchsorted(edges or [], column.to_numpy(dtype=float), side="left")
        size = len(edges or []) + 2
    codes = np.where(column.isna(), size - 1, codes)
    return [int(count) for count in np.bincount(codes, minlength=size)]


def compute_psi(expected: Sequence[int], actual: Sequence[int]) -> float | None:
    """Computes the PSI of two histograms over the same bins; None when one of them is empty."""
    if not sum(expected) or not sum(actual):
        return None
    p, q = (np.asarray(counts, dtype=float) + SMOOTHING for counts in (expected, actual))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def count_bins_of_frame(frame: DataFrame, baseline: Baseline) -> dict[str, list[int]]:
    """Counts the bins of every baseline column of a Spark frame, in one pass."""

    def count(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            rows = batch.to_pandas()
            counts = [count_bins(rows[name], column) for name, column in baseline.items()]
            yield pa.RecordBatch.from_pydict({"name": list(baseline), "counts": counts})

    parts = frame.select(*baseline).mapInArrow(count, "name string, counts array<long>")
    totals: dict[str, Any] = {name: np.zeros(len(c["counts"]), int) for name, c in baseline.items()}
    for row in parts.collect():
        totals[row.name] += np.asarray(row.counts)
    return {name: counts.tolist() for name, counts in totals.items()}
