"""The model is the same for the same rows, and scores what it has never seen."""

from __future__ import annotations

import numpy as np

from {{ cookiecutter.__package }}.platform.examples import compute_inputs
from {{ cookiecutter.__package }}.platform.problem import LABEL
from {{ cookiecutter.__package }}.use_case.model import build_pipeline
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..unit.toys import make_rows

PARAMETERS = {"n_estimators": 20, "num_leaves": 7}
ROWS = make_rows()
INPUTS = compute_inputs(PROBLEM, ROWS)


def test_the_same_rows_give_the_same_booster_bit_for_bit() -> None:
    boosters = [
        build_pipeline(PARAMETERS).fit(INPUTS, ROWS[LABEL])["classify"].booster_ for _ in range(2)
    ]
    assert boosters[0].model_to_string() == boosters[1].model_to_string()


def test_unseen_categories_and_nulls_are_scored() -> None:
    pipeline = build_pipeline(PARAMETERS).fit(INPUTS, ROWS[LABEL])
    strange = INPUTS.head(2).assign(carrier=["ZZ", None], distance=float("nan"))
    assert np.isfinite(pipeline.predict_proba(strange)).all()
