"""The model: LightGBM inside a scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from .inputs import MODEL_INPUTS
from .problem import CATEGORIES

SEED = 2013


def build_pipeline(parameters: Mapping[str, Any]) -> Pipeline:
    """Builds an unfitted pipeline, which scores unseen categories and nulls as missing values.

    Args:
        parameters: The parameters of LightGBM's classifier.
    """
    encode = ColumnTransformer(
        [("categories", _encode_categories(), list(CATEGORIES))],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    encode.set_output(transform="pandas")
    # One thread: several stall on shared cores, and their sums differ in the last bit.
    fixed = {"random_state": SEED, "deterministic": True, "n_jobs": 1, "verbosity": -1}
    return Pipeline([("encode", encode), ("classify", LGBMClassifier(**{**parameters, **fixed}))])


def _encode_categories() -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
    )


def select_inputs(frame: pd.DataFrame) -> pd.DataFrame:
    """Selects the model's inputs in order, with numbers as floats, which can be null."""
    inputs = frame[list(MODEL_INPUTS)].copy()
    numbers = [name for name in MODEL_INPUTS if name not in CATEGORIES]
    inputs[numbers] = inputs[numbers].astype(float)
    return inputs
