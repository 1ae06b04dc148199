"""A sound challenger beside a champion, to be spoiled in one way at a time."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.registry.artifact import Artifact
from {{ cookiecutter.__package }}.registry.loading import ScoringModel
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.registry.training_sets import name_trained_tables
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.validation.case import VersionRecord
from {{ cookiecutter.__package }}.validation.rules import RULES, Rules

from .. import toys
from ..test_settings import ARGUMENTS, VALIDATION
from ..toys import NUMBER

# A process that measures a model of these tests cannot import them.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

WINDOW = Window(dt.datetime(2013, 6, 1, tzinfo=dt.UTC), dt.datetime(2013, 6, 29, tzinfo=dt.UTC))
BEFORE = WINDOW.start - dt.timedelta(days=2)
SETTINGS = ValidationSettings.from_arguments([*ARGUMENTS, *VALIDATION])
TAGS = {
    "as_of": "2013-07-01",
    "code_commit": "abc",
    "code_digest": "def",
    "owner": "owner@example.com",
    "package_version": "0.1.0",
    "training_start": "2012-06-01T00:00:00+00:00",
    "training_end": BEFORE.isoformat(),
    "evaluation_start": WINDOW.start.isoformat(),
    "tree": "clean",
    "artifact_digest": "sound",
}


class Curve:
    """A pipeline of one column, good enough to be judged."""

    def __init__(self, bend: Any = None) -> None:
        self._bend = bend or (lambda rows, odds: odds)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        odds = rows[NUMBER].astype(float).fillna(0.0).clip(-30, 30).to_numpy()
        scores = 1 / (1 + np.exp(-self._bend(rows, odds)))
        return np.column_stack([1 - scores, scores])


def make_model(
    pipeline: Any = None, inputs: tuple[str, ...] = PROBLEM.model_inputs
) -> ScoringModel:
    return ScoringModel(2, pipeline or Curve(), inputs, ())


ROWS = toys.make_rows(12_000, pd.Timestamp(WINDOW.start), days=28)
RULE, INPUT = next(iter(PROBLEM.baselines.items()))
METRICS = {"tuning_auc": 0.7, "label_rate": 0.5}
TABLES = dict.fromkeys(name_trained_tables(SETTINGS).values(), 1)


@dataclass(frozen=True)
class ToyCase:
    """See `Case`."""

    record: VersionRecord
    champion: VersionRecord | None
    artifact: Artifact
    model: ScoringModel
    champion_model: ScoringModel | None
    rows: pd.DataFrame
    champions: pd.DataFrame | None = None
    scheduled: int = len(ROWS)
    folder: Path = Path("nowhere")
    settings: ValidationSettings = SETTINGS
    rules: Rules = RULES
    window: Window = WINDOW

    @property
    def scores(self) -> np.ndarray:
        return score(self.model, self.rows)

    @property
    def other_scores(self) -> Mapping[str, np.ndarray]:
        return {"batch": self.scores[:20]}

    @property
    def left_out(self) -> str | None:
        return None

    @property
    def champion_rows(self) -> pd.DataFrame:
        return self.rows if self.champions is None else self.champions

    @property
    def champion_scores(self) -> np.ndarray | None:
        return score(self.champion_model, self.champion_rows) if self.champion_model else None

    def but(self, **changes: Any) -> ToyCase:
        """The case with something changed; `tags` and `artifact` may be changed in part."""
        if "tags" in changes:
            tags = {**self.record.tags, **changes.pop("tags")}
            changes["record"] = replace(self.record, tags=tags)
        return replace(self, **changes)


CHAMPION = VersionRecord(1, "former", METRICS, TAGS, TABLES, "Trained on rows.", BEFORE)
SOUND = ToyCase(
    record=VersionRecord(2, "run", METRICS, TAGS, TABLES, "Trained on rows.", BEFORE),
    champion=CHAMPION,
    artifact=Artifact(
        "sound", PROBLEM.model_inputs, True, (*PROBLEM.key, *PROBLEM.model_inputs), ("a==1.0",)
    ),
    model=make_model(),
    champion_model=make_model(),
    rows=ROWS,
)
FIRST = SOUND.but(champion=None, champion_model=None)
