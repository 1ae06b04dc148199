"""The memory of a model is measured without that of the process that asks for it."""

from __future__ import annotations

import sys

import cloudpickle
import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.registry.loading import ScoringModel
from {{ cookiecutter.__package }}.validation.memory import LEAST_MEMORY, measure_memory

from ..toys import FIRST, make_rows

# A process that measures a model of these tests cannot import them.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
MEGABYTE = 2**20
ROWS = make_rows(1)


class Hungry:
    """A pipeline that takes some memory while it scores."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes = megabytes

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        taken = np.ones(self._megabytes * MEGABYTE, dtype=np.uint8)
        return np.full((len(rows), 2), float(taken.size))


def test_what_a_model_takes_is_measured_beside_a_process_that_holds_more() -> None:
    held = np.ones(600 * MEGABYTE, dtype=np.uint8)
    models = [ScoringModel(1, FIRST, Hungry(megabytes), ()) for megabytes in (0, 200)]
    nothing, much = measure_memory(models, [ROWS, ROWS], "predict_proba")
    assert held.size > much
    assert nothing == LEAST_MEMORY
    assert 200 * MEGABYTE <= much < 300 * MEGABYTE
