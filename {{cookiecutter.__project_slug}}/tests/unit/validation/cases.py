"""Of each kind of target: a sound challenger beside a champion, to be spoiled in one way."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.platform.first_step import FirstStep
from {{ cookiecutter.__package }}.platform.kinds import Kind
from {{ cookiecutter.__package }}.platform.problem import LABEL, Problem, make_first_step
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.registry.artifact import Artifact
from {{ cookiecutter.__package }}.registry.loading import ScoringModel
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.validation.case import VersionRecord
from {{ cookiecutter.__package }}.validation.rules import RULES, Rules

from ..test_settings import ARGUMENTS, VALIDATION
from ..toys import compute_truth
from .problems import NUMBER, PROBLEMS, THINGS, WARMTH, make_rows

# A process that measures a model of these tests cannot import them.
for module in (sys.modules[__name__], sys.modules[compute_truth.__module__]):
    cloudpickle.register_pickle_by_value(module)

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
TABLES = {WARMTH.full_name(SETTINGS): 1, THINGS.source_name(SETTINGS): 1}
Bend = Callable[[pd.DataFrame, np.ndarray], Any]


class Curve:
    """A model of one column, good enough to be judged; `bend` spoils what it knows."""

    def __init__(self, kind: Kind, bend: Bend | None = None) -> None:
        self._kind, self._bend = kind, bend or (lambda rows, odds: odds)

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        odds = rows[NUMBER].astype(float).fillna(0.0).clip(-30, 30).to_numpy()
        return compute_truth(self._kind, self._bend(rows, odds))

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        scores = self.predict(rows)
        return np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores


@dataclass(frozen=True)
class ToyCase:
    """See `Case`."""

    record: VersionRecord
    champion: VersionRecord | None
    artifact: Artifact
    model: ScoringModel
    champion_model: ScoringModel | None
    rows: pd.DataFrame
    scheduled: int
    champions: pd.DataFrame | None = None
    folder: Path = Path("nowhere")
    refuses_all: bool = False
    settings: ValidationSettings = SETTINGS
    rules: Rules = RULES
    window: Window = WINDOW

    @cached_property
    def scores(self) -> np.ndarray:
        return score(self.model, self.rows)

    @property
    def sound_rows(self) -> pd.DataFrame:
        return self.rows.head(0) if self.refuses_all else self.rows

    @property
    def other_scores(self) -> Mapping[str, np.ndarray]:
        return {"batch": self.scores[:20]}

    @property
    def left_out(self) -> str | None:
        return None

    @property
    def champion_rows(self) -> pd.DataFrame:
        return self.rows if self.champions is None else self.champions

    @cached_property
    def champion_scores(self) -> np.ndarray | None:
        return score(self.champion_model, self.champion_rows) if self.champion_model else None

    def but(self, **changes: Any) -> ToyCase:
        """The case with something changed; `tags` may be changed in part."""
        if "tags" in changes:
            tags = {**self.record.tags, **changes.pop("tags")}
            changes["record"] = replace(self.record, tags=tags)
        return replace(self, **changes)


@dataclass(frozen=True)
class Toy:
    """A problem of one kind, with rows and cases."""

    problem: Problem

    @property
    def kind(self) -> Kind:
        return self.problem.kind

    @cached_property
    def rows(self) -> pd.DataFrame:
        return make_rows(self.kind, WINDOW.start)

    @cached_property
    def sound(self) -> ToyCase:
        metrics = {"tuning_loss": 0.7, **self.kind.sum_up(self.kind.encode(self.rows[LABEL]))}
        inputs = self.make_model().inputs
        delivered = (*self.problem.key, *inputs)
        told = metrics, TAGS, TABLES, "Trained on rows.", BEFORE
        return ToyCase(
            record=VersionRecord(2, "run", *told),
            champion=VersionRecord(1, "former", *told),
            artifact=Artifact("sound", inputs, True, delivered, ("a==1.0",)),
            model=self.make_model(),
            champion_model=self.make_model(),
            rows=self.rows,
            scheduled=len(self.rows),
        )

    @cached_property
    def first(self) -> ToyCase:
        return self.sound.but(champion=None, champion_model=None)

    def make_model(self, bend: Bend | None = None, first: FirstStep | None = None) -> ScoringModel:
        first = first or make_first_step(self.problem)
        return ScoringModel(2, first, Curve(self.kind, bend), ())

    def bend(self, change: Bend) -> ToyCase:
        """A challenger that spoils what it knows."""
        return self.sound.but(model=self.make_model(change))


TOYS = {name: Toy(problem) for name, problem in PROBLEMS.items()}
