"""The model: LightGBM inside a scikit-learn pipeline, and its search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mlflow
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from ..platform.model import Model
from .problem import PROBLEM

if TYPE_CHECKING:
    from optuna import Trial

SEED = 2013


def build_pipeline(parameters: Mapping[str, Any]) -> Pipeline:
    """Builds an unfitted pipeline, which scores unseen categories and nulls as missing values.

    Args:
        parameters: The parameters of LightGBM's classifier.
    """
    encode = ColumnTransformer(
        [("categories", _encode_categories(), list(PROBLEM.categories))],
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


def suggest_parameters(trial: Trial) -> dict[str, Any]:
    """Suggests parameters from the search space."""
    return {
        "n_estimators": 120,
        "learning_rate": trial.suggest_float("learning_rate", 0.04, 0.12, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 15, 47),
        "min_child_samples": trial.suggest_int("min_child_samples", 50, 400, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.5, 1.0),
    }


MODEL = Model(
    build=build_pipeline,
    suggest=suggest_parameters,
    seed=SEED,
    requirements=("lightgbm",),
    autolog=mlflow.lightgbm.autolog,
)
