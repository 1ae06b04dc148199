"""What the checks judge: a version's record, and scores on rows that no training has seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from mlflow import MlflowClient

from ..examples import make_training_set, read_labelled_flights
from ..problem import KEY
from ..scoring import ScoringModel, load_model, score
from ..settings import Settings
from ..windows import Window
from ..workspace import Workspace


@dataclass(frozen=True)
class VersionRecord:
    """What the registry and the run say of a version."""

    version: int
    run_id: str | None
    metrics: dict[str, float]
    tags: dict[str, str]

    @property
    def training_end(self) -> dt.datetime:
        """End of the window trained on; the end of time when it is not recorded."""
        recorded = self.tags.get("training_end")
        if not recorded:
            return dt.datetime.max.replace(tzinfo=dt.UTC)
        return dt.datetime.fromisoformat(recorded)


def read_record(client: MlflowClient, settings: Settings, version: int) -> VersionRecord:
    """Reads a version's record.

    Raises:
        mlflow.exceptions.MlflowException: There is no such version.
    """
    found = client.get_model_version(settings.model_name, str(version))
    metrics = client.get_run(found.run_id).data.metrics if found.run_id else {}
    return VersionRecord(version, found.run_id, metrics, found.tags)


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


class EvaluationRows:
    """The evaluation window's labelled flights, joined once for each set of lookups."""

    def __init__(self, workspace: Workspace, settings: Settings, window: Window) -> None:
        self._workspace, self._settings, self._window = workspace, settings, window
        self._joined: dict[str, pd.DataFrame] = {}

    def join_for(self, model: ScoringModel) -> pd.DataFrame:
        """Rows with the features the model looks up, ordered by key."""
        lookups = repr([vars(lookup) for lookup in model.lookups])
        if lookups not in self._joined:
            flights = read_labelled_flights(self._workspace, self._settings, self._window)
            frame = make_training_set(self._workspace, flights, model.lookups).load_df()
            self._joined[lookups] = frame.toPandas().sort_values(KEY, ignore_index=True)
        return self._joined[lookups]

    def score(self, version: int) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows of a version's lookups, and its scores of them."""
        model = load_model(self._settings.model_name, version)
        rows = self.join_for(model)
        return rows, score(model, rows)
