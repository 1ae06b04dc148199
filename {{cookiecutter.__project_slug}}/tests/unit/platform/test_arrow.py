"""Values are spread over more rows, and batches are joined."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pyarrow as pa
import pytest

from {{ cookiecutter.__package }}.platform.arrow import join_batches, spread

OVER = np.array([False, True, True, False, True])


def test_a_value_goes_to_its_row_and_the_others_are_null() -> None:
    kept = np.array([False, True, False, False, True])
    assert spread(pa.array([1, 2, 3]), OVER, kept).to_pylist() == [None, 1, None, None, 3]


def test_without_a_row_to_leave_out_the_values_stay() -> None:
    values, every = pa.array([1, 2]), np.ones(2, bool)
    assert spread(values, every, every) is values


def test_no_value_at_all_gives_nulls() -> None:
    none = np.zeros(2, bool)
    assert spread(pa.array([], pa.float64()), none, none).to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("sizes", "joined"), [([], []), ([2], [2]), ([2, 1, 1, 3, 1], [3, 4, 1]), ([0, 0], [0])]
)
def test_batches_are_joined_in_order_until_they_are_large(
    sizes: list[int], joined: list[int]
) -> None:
    numbers = iter(range(sum(sizes)))
    batches = [pa.record_batch({"x": pa.array(list(islice(numbers, n)), "int64")}) for n in sizes]
    found = list(join_batches(batches, 3))
    assert [len(batch) for batch in found] == joined
    assert [x for batch in found for x in batch["x"].to_pylist()] == [*range(sum(sizes))]
