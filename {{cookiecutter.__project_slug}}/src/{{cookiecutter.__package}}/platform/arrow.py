"""Computes with columns of Arrow.

Spark's Python workers import this module, so it imports NumPy and Arrow alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

# So many rows are scored at once: each call of a model has a cost of its own.
ROWS = 100_000


def join_batches(batches: Iterable[pa.RecordBatch], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Joins small batches to larger ones, of at least `rows` rows each but the last."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= rows:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def spread(column: pa.Array, over: np.ndarray, kept: np.ndarray) -> pa.Array:
    """Spreads values over more rows.

    Args:
        column: A value for each row where `over` is true, in order.
        over: Shape (n,) of booleans.
        kept: The rows of these that keep their value; all others are null, shape (n,).

    Returns:
        A value or null for each of the n rows.
    """
    if kept.all():
        return column
    return column.take(pa.array(np.cumsum(over) - 1, mask=~kept))
