"""The real code of training, promotion, rollback and inference, with a model that echoes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import numpy as np
import pandas as pd
from pyspark.sql import functions as F
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from tests.unit.toys import inject

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.inference.task import predict
from flight_delays.inference.views import PREDICTIONS_IN_FORCE
from flight_delays.platform import delta
from flight_delays.platform.problem import LABEL, make_first_step
from flight_delays.platform.windows import Window
from flight_delays.promotion.task import promote, roll_back
from flight_delays.registry import training_sets
from flight_delays.registry.champion import find_registered_rival, read_promotions
from flight_delays.registry.tables import PROMOTIONS, TRANSITIONS
from flight_delays.registry.versions import DatedVersion
from flight_delays.settings import RollbackSettings, Settings, ValidationSettings
from flight_delays.setup.creation import create_table
from flight_delays.training import task as training_task
from flight_delays.training.task import train
from flight_delays.use_case.problem import PROBLEM
from flight_delays.validation.tables import VALIDATION_RESULTS

from bundlework.laptop.workspace import LocalWorkspace

from .lake import DOUBLED, REPORTS, SCHEMAS, VISITS, Lake
from .oracle import Row

TABLES = (PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS, PREDICTIONS)
(KEY,) = PROBLEM.key
# The project's problem, of visits; each one is predicted when its day begins.
TOY = replace(
    PROBLEM,
    examples=VISITS,
    outcomes=REPORTS,
    lead=dt.timedelta(days=1),
    find_prediction_time=lambda at: F.date_trunc("day", at),
    find_cancelled=None,
    describe=lambda visits: visits,
    inputs=(),
    lookups=(DOUBLED,),
    baselines={},
)
MARGINS = {"champion_share": 0.05, "slice_share": 0.25, "superiority": False}


def make_echo() -> Pipeline:
    """A model whose score is the logistic function of its one feature, or a half without one.

    So a prediction tells which value was looked up.
    """
    rows = pd.DataFrame(
        {"scheduled_departure": "2013-01-01", "flight_id": "a", "value": [0.0, 1.0]}
    )
    fill = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    first = make_first_step(training_task.PROBLEM)
    echo = make_pipeline(first, fill, LogisticRegression()).fit(rows, [0.0, 1.0])
    echo[-1].coef_, echo[-1].intercept_ = np.array([[1.0]]), np.array([0.0])
    return echo


class ModelLake(Lake):
    """A lake with a registry."""

    def __init__(self, local: LocalWorkspace) -> None:
        super().__init__(local)
        settings = self.settings(1)
        for table in TABLES:
            create_table(self.spark, table, settings)
        view = PREDICTIONS_IN_FORCE
        self.workspace.governance.define_view(
            view.full_name(settings), view.query(settings), view.comment
        )

    @contextmanager
    def deployed(self) -> Iterator[None]:
        """The tiny use case in place of the project's, and the model that echoes."""
        problem = replace(TOY, lookups=self.feature_tables[:1])
        with (
            super().deployed(),
            inject(problem),
            patch.multiple(
                training_task,
                load_training_set=self.load_training_set,
                check_rows=lambda *_: None,
                fit=lambda _: (make_echo(), None),
                make_baseline=lambda *_: {},
                identify_recipe=lambda: "echo",
            ),
        ):
            yield

    def load_training_set(self, workspace: Any, settings: Settings) -> Any:
        """All visits that were before `as_of`, half of them labelled late."""
        window = Window(PROBLEM.first_day, settings.cutoff)
        visits = training_sets.read_examples(workspace, settings, window, settings.cutoff)
        labelled = visits.withColumn(LABEL, F.when(F.col(KEY) < "b", 1.0).otherwise(0.0))
        return training_sets.make_training_set(
            workspace, labelled, training_sets.list_lookups(settings)
        )

    def train(self, as_of: int) -> int:
        """Runs the task `training`."""
        with self.deployed():
            return train(self.workspace, self.reading(as_of))

    def predict(self, as_of: int) -> None:
        """Runs the task `batch_inference`."""
        with self.deployed():
            predict(self.workspace, self.reading(as_of))

    def promote(self, version: int, as_of: int) -> None:
        """Runs the task `promotion` for a version that the gate has just accepted."""
        more = {**MARGINS, "model_version": version, "registered_model": "dev.models.model"}
        settings = self._extend(ValidationSettings, as_of, more)
        self._accept(settings, version)
        with self.deployed():
            promote(self.workspace, settings)

    def roll_back(self, as_of: int) -> None:
        """Runs the task `rollback`."""
        more = {"reason": "complaints", "by": "ann", "request": str(uuid4())}
        with self.deployed():
            roll_back(self.workspace, self._extend(RollbackSettings, as_of, more))

    def _extend(self, kind: type[Any], as_of: int, more: dict[str, Any]) -> Any:
        return kind(**self.reading(as_of).model_dump(), **more)

    def _accept(self, settings: ValidationSettings, version: int) -> None:
        promotions = read_promotions(self.spark, settings)
        dated = DatedVersion(version, settings.as_of)
        now = dt.datetime.now(dt.UTC)
        row = {
            "model_version": version,
            "check": "decision",
            "slice": "",
            "as_of": settings.as_of,
            "verdict": "passed",
            "champion_version": find_registered_rival(
                self.workspace.mlflow, settings.model_name, promotions, dated
            ),
            "judged_at": now,
        }
        frame = delta.make_frame(self.spark, [row], VALIDATION_RESULTS.struct)
        name = VALIDATION_RESULTS.full_name(settings)
        delta.upsert_rows(name, frame, VALIDATION_RESULTS.keys)

    def list_predictions(self) -> list[Row]:
        """Visit, version, date, whether in time, and score of every prediction."""
        return self._list_scores(PREDICTIONS.full_name(self.settings(1)))

    def list_in_force(self) -> list[Row]:
        """The same of the predictions in force."""
        return self._list_scores(PREDICTIONS_IN_FORCE.full_name(self.settings(1)))

    def _list_scores(self, name: str) -> list[Row]:
        as_of = F.datediff("as_of", F.lit(PROBLEM.first_day.date()))
        in_time, score = F.col("days_ahead").isNotNull(), F.round("score", 9)
        rows = self.spark.table(name).select(KEY, "model_version", as_of, in_time, score)
        return sorted(tuple(row) for row in rows.collect())

    def list_tables(self) -> list[str]:
        """The full names of all tables."""
        settings = self.settings(1)
        return [*super().list_tables(), *(table.full_name(settings) for table in TABLES)]

    def empty(self) -> None:
        """Removes all rows and all versions."""
        super().empty()
        for model in self.workspace.mlflow.search_registered_models():
            self.workspace.mlflow.delete_registered_model(model.name)


def open_lake(folder: Path, serverless: bool) -> ModelLake:
    """Starts Spark with empty catalogs and an empty registry in a folder."""
    return ModelLake(LocalWorkspace(folder, SCHEMAS, serverless=serverless))
