"""The case that the checks judge: a version's record, its files, and its scores on unseen rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from pyspark.sql import DataFrame
from pyspark.sql.utils import is_remote

from ..platform.examples import add_inputs
from ..platform.problem import LABEL
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..registry.artifact import NATIVE_MODEL, Artifact, read_artifact
from ..registry.loading import ScoringModel, download_version, load_model
from ..registry.periods import get_evaluation_window
from ..registry.predicting import score, score_frame, select_sound
from ..registry.tags import LAST_TRAINED, TRAINING_END
from ..registry.training_sets import make_training_set, read_examples, read_labelled_examples
from ..registry.versions import DatedVersion, find_run
from ..settings import Settings, ValidationSettings, to_instant
from ..use_case.problem import PROBLEM
from .rules import RULES, Rules

# So many rows show whether two ways to score agree.
COMPARED_ROWS = 20
# Before 3.12, MLflow ships a model over Spark Connect as an archive that the sandbox of a UDF does
# not see; before 3.15, it cannot read the version of a newer runtime.
SHIPS_MODELS = (3, 15)


@dataclass(frozen=True)
class VersionRecord:
    """The facts that the registry and the run hold of a version.

    Attributes:
        tables: The Delta versions of the tables that the run read, by full name.
        last_trained: Event time of the last row that the version was trained on.
    """

    version: int
    run_id: str | None
    metrics: dict[str, float]
    tags: dict[str, str]
    tables: dict[str, int]
    description: str
    last_trained: dt.datetime | None

    @property
    def training_end(self) -> dt.datetime | None:
        """The end of the training window; None when no tag has it."""
        return _read_time(self.tags.get(TRAINING_END))


def _read_time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


class Case(Protocol):
    """The parts of a case that a check may read; a part that is missing raises when it is read."""

    @property
    def settings(self) -> ValidationSettings:
        """The settings of the run."""

    @property
    def rules(self) -> Rules:
        """The limits."""

    @property
    def window(self) -> Window:
        """The evaluation window."""

    @property
    def record(self) -> VersionRecord:
        """The challenger's record."""

    @property
    def champion(self) -> VersionRecord | None:
        """The champion's record; None before the first champion."""

    @property
    def folder(self) -> Path:
        """The folder of the challenger's files."""

    @property
    def artifact(self) -> Artifact:
        """The facts that these files hold."""

    @property
    def model(self) -> ScoringModel:
        """The challenger."""

    @property
    def champion_model(self) -> ScoringModel | None:
        """The champion."""

    @property
    def scheduled(self) -> int:
        """The number of examples in the window, with or without a label."""

    @property
    def rows(self) -> pd.DataFrame:
        """The window's labelled rows, with features and with the inputs that are computed."""

    @property
    def sound_rows(self) -> pd.DataFrame:
        """Those of the rows that break no rule of the challenger's first step."""

    @property
    def other_scores(self) -> Mapping[str, np.ndarray]:
        """Scores of the first `COMPARED_ROWS` sound rows, by the name of another way to score."""

    @property
    def left_out(self) -> str | None:
        """Why the feature client's own way to score is not among them; None where it is."""

    @property
    def scores(self) -> np.ndarray:
        """The challenger's scores of the rows."""

    @property
    def champion_rows(self) -> pd.DataFrame | None:
        """The same examples, with the features that the champion looks up."""

    @property
    def champion_scores(self) -> np.ndarray | None:
        """The champion's scores of these rows."""


class RegisteredCase:
    """The case of a registered version; each part is fetched once, when a check asks for it."""

    def __init__(
        self,
        workspace: Workspace,
        settings: ValidationSettings,
        version: DatedVersion,
        champion: int | None,
    ) -> None:
        self.settings, self.rules = settings, RULES
        self._workspace = workspace
        self.version, self.as_of, self.champion_version = version.number, version.as_of, champion
        self.window = get_evaluation_window(version.as_of, settings.window_days)
        self._joined: dict[str, pd.DataFrame] = {}

    @cached_property
    def record(self) -> VersionRecord:
        """See `Case`."""
        return read_record(self._workspace.mlflow, self.settings, self.version)

    @cached_property
    def champion(self) -> VersionRecord | None:
        """See `Case`."""
        if self.champion_version is None:
            return None
        return read_record(self._workspace.mlflow, self.settings, self.champion_version)

    @cached_property
    def folder(self) -> Path:
        """See `Case`."""
        return download_version(self.settings.model_name, self.version)

    @cached_property
    def artifact(self) -> Artifact:
        """See `Case`."""
        return read_artifact(self.folder)

    @cached_property
    def model(self) -> ScoringModel:
        """See `Case`."""
        name = self.settings.model_name
        return load_model(self._workspace.mlflow, name, self.version, self.folder)

    @cached_property
    def champion_model(self) -> ScoringModel | None:
        """See `Case`."""
        if self.champion_version is None:
            return None
        name = self.settings.model_name
        return load_model(self._workspace.mlflow, name, self.champion_version)

    @cached_property
    def scheduled(self) -> int:
        """See `Case`."""
        cutoff = to_instant(self.as_of)
        return read_examples(self._workspace, self.settings, self.window, cutoff).count()

    @property
    def rows(self) -> pd.DataFrame:
        """See `Case`."""
        return self._join_for(self.model)

    @cached_property
    def sound_rows(self) -> pd.DataFrame:
        """See `Case`."""
        return select_sound(self.model, self.rows)

    @cached_property
    def other_scores(self) -> Mapping[str, np.ndarray]:
        """See `Case`; the native model takes the feature client's place where that is left out."""
        some, key, kind = self.sound_rows.head(COMPARED_ROWS), list(PROBLEM.key), PROBLEM.kind
        inputs = some[list(dict.fromkeys((*key, *self.model.inputs)))]
        batch = score_frame(self.model, self._workspace.spark.createDataFrame(inputs))
        found = {"batch": batch.toPandas()}
        if self.left_out:
            found["native model"] = self._ask_native_model(some)
        else:
            found["feature client"] = self._ask_feature_client(some[key])
        return {
            name: kind.read_table(some[key].merge(scores, "left", key))
            for name, scores in found.items()
        }

    @cached_property
    def left_out(self) -> str | None:
        """See `Case`."""
        return explain_omission(self.settings, mlflow.__version__, is_connect=is_remote())

    def _ask_native_model(self, rows: pd.DataFrame) -> pd.DataFrame:
        native = mlflow.pyfunc.load_model((self.folder / NATIVE_MODEL).as_uri())
        return _tabulate(rows, native.predict(rows[list(self.model.inputs)]))

    def _read_examples(self) -> DataFrame:
        return read_labelled_examples(self._workspace, self.settings, self.window, self.as_of)

    def _ask_feature_client(self, keys: pd.DataFrame) -> pd.DataFrame:
        wanted = self._workspace.spark.createDataFrame(keys)
        chosen = self._read_examples().join(wanted, list(PROBLEM.key)).drop(LABEL)
        uri = f"models:/{self.settings.model_name}/{self.version}"
        scored = self._workspace.features.score_batch(
            model_uri=uri, df=chosen, result_type=PROBLEM.kind.result_type
        )
        rows = scored.select(*PROBLEM.key, "prediction").toPandas()
        return _tabulate(rows, rows["prediction"].to_list())

    @cached_property
    def scores(self) -> np.ndarray:
        """See `Case`."""
        return score(self.model, self.rows)

    @property
    def champion_rows(self) -> pd.DataFrame | None:
        """See `Case`."""
        return self._join_for(self.champion_model) if self.champion_model else None

    @cached_property
    def champion_scores(self) -> np.ndarray | None:
        """See `Case`."""
        if self.champion_model is None or self.champion_rows is None:
            return None
        key = list(PROBLEM.key)
        if not self.champion_rows[key].equals(self.rows[key]):
            raise ValueError("the champion's rows are not those of the challenger")
        return score(self.champion_model, self.champion_rows)

    def _join_for(self, model: ScoringModel) -> pd.DataFrame:
        # Versions that look up the same features share one join.
        lookups = repr([vars(lookup) for lookup in model.lookups])
        if lookups not in self._joined:
            training_set = make_training_set(self._workspace, self._read_examples(), model.lookups)
            frame = training_set.load_df()
            rows = frame.toPandas().dropna(subset=[LABEL])
            rows = rows.sort_values(list(PROBLEM.key), ignore_index=True)
            self._joined[lookups] = add_inputs(PROBLEM, rows)
        return self._joined[lookups]


def _tabulate(rows: pd.DataFrame, output: Any) -> pd.DataFrame:
    """Makes columns of the keys of rows, and of what a model returned for them."""
    kind = PROBLEM.kind
    predicted: pd.DataFrame = rows[list(PROBLEM.key)].assign(
        **kind.tabulate(kind.read_output(output))
    )
    return predicted


def explain_omission(settings: Settings, version: str, *, is_connect: bool) -> str | None:
    """Explains why the feature client is not asked to score; None where it is asked.

    Args:
        version: MLflow's, which ships the client's model to where the rows are.
        is_connect: Whether Spark is reached by Spark Connect, as on serverless compute.
    """
    if not settings.fresh_environment:
        return "not asked for; the variable fresh_environment asks for it"
    if is_connect and tuple(map(int, version.split(".")[:2])) < SHIPS_MODELS:
        needed = ".".join(map(str, SHIPS_MODELS))
        return f"mlflow {version} ships no model over Spark Connect, {needed} does"
    return None


def read_record(client: MlflowClient, settings: Settings, version: int) -> VersionRecord:
    """Reads a version's record.

    Raises:
        mlflow.exceptions.MlflowException: There is no such version.
    """
    found = client.get_model_version(settings.model_name, str(version))
    run = find_run(client, found.run_id)
    return VersionRecord(
        version,
        run.info.run_id if run else None,
        run.data.metrics if run else {},
        found.tags,
        _read_tables(run) if run else {},
        found.description or "",
        _read_time(run.data.tags.get(LAST_TRAINED) if run else None),
    )


def _read_tables(run: Run) -> dict[str, int]:
    sources = [json.loads(given.dataset.source) for given in run.inputs.dataset_inputs]
    # MLflow leaves version 0 out.
    return {s["delta_table_name"]: s.get("delta_table_version", 0) for s in sources}
