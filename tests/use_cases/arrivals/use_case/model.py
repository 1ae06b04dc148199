"""The model: LightGBM inside a scikit-learn pipeline, and its search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from ..platform.model import Model
from .problem import PROBLEM

if TYPE_CHECKING:
    from optuna import Trial

SEED = 2013


class Clock(TransformerMixin, BaseEstimator):
    """Adds the hour as a point on a circle, so that midnight has two neighbours."""

    def fit(self, *_: Any) -> Clock:
        """Learns nothing."""
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Adds `sine` and `cosine` to the column `hour`."""
        angle = rows["hour"] * np.pi / 12
        return rows.assign(sine=np.sin(angle), cosine=np.cos(angle))

    def __sklearn_is_fitted__(self) -> bool:
        return True


def build_pipeline(parameters: Mapping[str, Any]) -> Pipeline:
    """Builds an unfitted pipeline, which scores unseen categories and nulls as missing values."""
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
    )
    encode = ColumnTransformer(
        [("categories", encoder, list(PROBLEM.categories))],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    encode.set_output(transform="pandas")
    fixed = {"random_state": SEED, "deterministic": True, "n_jobs": 1}
    chosen = {**parameters, **fixed, "verbosity": -1}
    classify = LGBMClassifier(**chosen)
    return Pipeline([("encode", encode), ("clock", Clock()), ("classify", classify)])


def suggest_parameters(trial: Trial) -> dict[str, Any]:
    """Suggests parameters from the search space."""
    return {
        "n_estimators": 60,
        "num_leaves": trial.suggest_int("num_leaves", 15, 47),
        "min_child_samples": trial.suggest_int("min_child_samples", 50, 300, log=True),
    }


MODEL = Model(
    build=build_pipeline,
    suggest=suggest_parameters,
    seed=SEED,
    requirements=("lightgbm",),
    autolog=mlflow.lightgbm.autolog,
)
