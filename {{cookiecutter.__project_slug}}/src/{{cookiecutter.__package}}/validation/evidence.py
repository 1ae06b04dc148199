"""What the checks judge: a version's record and files, and scores on rows no training has seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from mlflow import MlflowClient

from ..artifact import Artifact, read_artifact
from ..examples import make_training_set, read_labelled_flights
from ..problem import KEY
from ..scoring import ScoringModel, download_version, load_model, score
from ..settings import Settings
from ..windows import Window
from ..workspace import Workspace
from .rules import RULES, Rules


@dataclass(frozen=True)
class VersionRecord:
    """What the registry and the run say of a version.

    Attributes:
        last_trained: Event time of the last row it was trained on, as training saw it.
    """

    version: int
    run_id: str | None
    metrics: dict[str, float]
    tags: dict[str, str]
    description: str
    last_trained: dt.datetime | None

    @property
    def training_end(self) -> dt.datetime | None:
        """End of the window trained on; None when it is not recorded."""
        return _read_time(self.tags.get("training_end"))


def _read_time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


class Case(Protocol):
    """What a check may look at; a part that cannot be had raises when it is asked for."""

    @property
    def settings(self) -> Settings:
        """The run's."""

    @property
    def rules(self) -> Rules:
        """The limits."""

    @property
    def window(self) -> Window:
        """The evaluation window."""

    @property
    def record(self) -> VersionRecord:
        """The challenger's."""

    @property
    def champion(self) -> VersionRecord | None:
        """The champion's; None before the first."""

    @property
    def folder(self) -> Path:
        """Where the challenger's files are."""

    @property
    def artifact(self) -> Artifact:
        """What these files say."""

    @property
    def model(self) -> ScoringModel:
        """The challenger."""

    @property
    def champion_model(self) -> ScoringModel | None:
        """The champion."""

    @property
    def rows(self) -> pd.DataFrame:
        """Labelled rows with features, of the window."""

    @property
    def scores(self) -> np.ndarray:
        """The challenger's, of these rows."""

    @property
    def champion_scores(self) -> np.ndarray | None:
        """The champion's, of the same flights."""


class RegisteredCase:
    """The case of a registered version; each part is fetched once, when a check asks for it."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        window: Window,
        version: int,
        champion: int | None,
        rules: Rules = RULES,
    ) -> None:
        self.settings, self.window, self.rules = settings, window, rules
        self._workspace = workspace
        self.version, self.champion_version = version, champion
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
        return load_model(self.settings.model_name, self.version, self.folder)

    @cached_property
    def champion_model(self) -> ScoringModel | None:
        """See `Case`."""
        if self.champion_version is None:
            return None
        return load_model(self.settings.model_name, self.champion_version)

    @property
    def rows(self) -> pd.DataFrame:
        """See `Case`."""
        return self._join_for(self.model)

    @cached_property
    def scores(self) -> np.ndarray:
        """See `Case`."""
        return score(self.model, self.rows)

    @cached_property
    def champion_scores(self) -> np.ndarray | None:
        """See `Case`."""
        if self.champion_model is None:
            return None
        return score(self.champion_model, self._join_for(self.champion_model))

    def _join_for(self, model: ScoringModel) -> pd.DataFrame:
        # Two versions that look up the same features share the join.
        lookups = repr([vars(lookup) for lookup in model.lookups])
        if lookups not in self._joined:
            flights = read_labelled_flights(self._workspace, self.settings, self.window)
            frame = make_training_set(self._workspace, flights, model.lookups).load_df()
            self._joined[lookups] = frame.toPandas().sort_values(KEY, ignore_index=True)
        return self._joined[lookups]


def read_record(client: MlflowClient, settings: Settings, version: int) -> VersionRecord:
    """Reads a version's record.

    Raises:
        mlflow.exceptions.MlflowException: There is no such version.
    """
    found = client.get_model_version(settings.model_name, str(version))
    data = client.get_run(found.run_id).data if found.run_id else None
    return VersionRecord(
        version,
        found.run_id,
        data.metrics if data else {},
        found.tags,
        found.description or "",
        _read_time(data.tags.get("last_trained") if data else None),
    )


def find_version_of(client: MlflowClient, settings: Settings) -> int:
    """The version trained for the run's `as_of`.

    Raises:
        LookupError: There is none.
    """
    found = client.search_model_versions(f"name = '{settings.model_name}'")
    for number in sorted((int(version.version) for version in found), reverse=True):
        # Unity Catalog's search leaves tags out; asking for the version does not.
        version = client.get_model_version(settings.model_name, str(number))
        if version.tags.get("as_of") == settings.as_of.isoformat():
            return number
    raise LookupError(
        f"no version of {settings.model_name} was trained as of {settings.as_of}: "
        "run the job training first"
    )
