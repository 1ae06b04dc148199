"""The pictures of the model card that suit each kind of target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..platform.estimates import estimate
from ..platform.examples import list_slices
from ..platform.kinds import Binary, Kind, MultiClass, Regression
from ..platform.metrics import measure_mean
from ..use_case.problem import PROBLEM
from .drawing import Bin, draw_calibration, draw_intervals, draw_matrix
from .results import Verdict

BINS = 10
# Between these quantiles lie most labels of a bin.
SPAN = (0.1, 0.9)
# A slice of fewer rows has no picture of its residuals.
LEAST_ROWS = 30


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows with labels, as a kind encodes them, and scores."""

    rows: pd.DataFrame
    labels: np.ndarray
    scores: np.ndarray


def draw_pictures(kind: Kind, scored: Scored) -> Iterator[tuple[str, str]]:
    """Draws all that shows how good scores of a kind are; yields title and picture."""
    yield from PICTURES[type(kind)](kind, scored)


def _draw_events(kind: Binary, scored: Scored) -> Iterator[tuple[str, str]]:
    bins = bin_rows(scored.labels, scored.scores)
    yield "Calibration", draw_calibration(bins, "mean score", f"share that was {kind.event}")


def _draw_numbers(kind: Regression, scored: Scored) -> Iterator[tuple[str, str]]:
    bins = bin_rows(scored.labels, scored.scores, SPAN)
    yield (
        "Predicted against observed: mean, and the middle 80 % of what was observed",
        draw_calibration(bins, f"predicted, {kind.unit}", f"observed, {kind.unit}"),
    )
    residuals, clusters = (
        scored.labels - scored.scores,
        PROBLEM.name_cluster(scored.rows).to_numpy(),
    )
    rows = [
        (name, estimate(measure_mean(residuals[chosen]), clusters[chosen]), Verdict.REPORTED)
        for name, chosen in list_slices(PROBLEM, scored.rows)
        if chosen.sum() >= LEAST_ROWS
    ]
    if rows:
        title = f"Residuals by slice: observed less predicted, {kind.unit}"
        yield title, draw_intervals(rows, None)


def _draw_classes(kind: MultiClass, scored: Scored) -> Iterator[tuple[str, str]]:
    charts = [
        draw_calibration(
            bin_rows((scored.labels == k).astype(float), scored.scores[:, k]),
            "mean score",
            "share of the class",
            name,
        )
        for k, name in enumerate(kind.classes)
    ]
    yield "Calibration of each class", "".join(charts)
    shares = confuse(scored.labels, scored.scores)
    yield (
        "Which class was predicted, as shares of the class that was observed",
        draw_matrix(kind.classes, shares, "predicted", "observed"),
    )


PICTURES: dict[type[Kind], Callable[[Any, Scored], Iterator[tuple[str, str]]]] = {
    Binary: _draw_events,
    Regression: _draw_numbers,
    MultiClass: _draw_classes,
}


def bin_rows(
    labels: np.ndarray, scores: np.ndarray, span: tuple[float, float] | None = None
) -> list[Bin]:
    """Bins rows into tenths by rising score.

    Args:
        span: The quantiles of labels between which most of a bin lie.
    """
    order = pd.Series(scores).rank(method="first")
    number = np.asarray(pd.cut(order, BINS, labels=False))
    chosen = [rows for k in range(BINS) if (rows := number == k).any()]
    return [
        Bin(
            float(scores[rows].mean()),
            float(labels[rows].mean()),
            tuple(np.quantile(labels[rows], span)) if span else None,
        )
        for rows in chosen
    ]


def confuse(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Computes which share of each observed class, by row, was predicted as which, by column."""
    classes = scores.shape[1]
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels.astype(int), scores.argmax(axis=1)), 1)
    shares: np.ndarray = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return shares
