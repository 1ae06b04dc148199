"""The model is the same for the same rows, and scores what it has never seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.use_case.inputs import MODEL_INPUTS
from {{ cookiecutter.__package }}.use_case.model import build_pipeline, select_inputs
from {{ cookiecutter.__package }}.use_case.problem import CATEGORIES, EVENT_TIME, LABEL

PARAMETERS = {"n_estimators": 20, "num_leaves": 7}


def make_rows(count: int = 1_500) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    rows = pd.DataFrame({name: generator.normal(size=count) for name in MODEL_INPUTS})
    for name in CATEGORIES:
        rows[name] = generator.choice(["AA", "BB", "CC"], count)
    start = pd.Timestamp("2013-01-01", tz="UTC")
    days = pd.to_timedelta(np.sort(generator.uniform(0, 100, count)), unit="D")
    rows[EVENT_TIME] = (start + days).floor("us")
    rows[LABEL] = (rows["distance"] + generator.normal(size=count) > 0).astype(float)
    return rows


def test_the_same_rows_give_the_same_booster_bit_for_bit() -> None:
    rows = make_rows()
    boosters = [
        build_pipeline(PARAMETERS).fit(select_inputs(rows), rows[LABEL])["classify"].booster_
        for _ in range(2)
    ]
    assert boosters[0].model_to_string() == boosters[1].model_to_string()


def test_unseen_categories_and_nulls_are_scored() -> None:
    rows = make_rows()
    pipeline = build_pipeline(PARAMETERS).fit(select_inputs(rows), rows[LABEL])
    strange = select_inputs(rows.head(2)).assign(carrier=["ZZ", None], distance=float("nan"))
    assert np.isfinite(pipeline.predict_proba(strange)).all()
