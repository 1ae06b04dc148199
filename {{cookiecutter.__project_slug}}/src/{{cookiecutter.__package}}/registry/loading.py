"""Loads a model version from the registry, once its files are known to be unaltered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import yaml
from databricks.feature_engineering import FeatureLookup
from mlflow import MlflowClient

from .artifact import FEATURE_SPEC, NATIVE_MODEL, digest_files
from .tags import DIGEST


class AlteredFilesError(ValueError):
    """A version's files are not those that training registered; they were not loaded."""


class FormerVersionError(ValueError):
    """A version is of a release whose models had no first step."""


@dataclass(frozen=True)
class ScoringModel:
    """A model version ready to score.

    Attributes:
        first: The first step of its pipeline, a `FirstStep` of the release that trained it.
        rest: The rest of its pipeline, from what the first step computes to what the kind reads.
        lookups: The features that this version looks up; today's code may look up others.
    """

    version: int
    first: Any
    rest: Any
    lookups: tuple[FeatureLookup, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that the model takes."""
        columns: tuple[str, ...] = self.first.columns
        return columns


def download_version(name: str, version: int) -> Path:
    """Downloads a version's files and returns their folder.

    Raises:
        mlflow.exceptions.MlflowException: The version or its artifact is missing.
    """
    return Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}"))


def load_model(
    client: MlflowClient, name: str, version: int, folder: Path | None = None
) -> ScoringModel:
    """Loads a version, from its folder when the files were downloaded before.

    Raises:
        AlteredFilesError: The files are not those that training registered.
        FormerVersionError: The version is of a release whose models had no first step.
        mlflow.exceptions.MlflowException: The version or its artifact is missing.
    """
    folder = folder or download_version(name, version)
    check_files(client, name, version, folder)
    pipeline = mlflow.sklearn.load_model((folder / NATIVE_MODEL).as_uri())
    spec = yaml.safe_load((folder / FEATURE_SPEC).read_text())
    return split_pipeline(version, pipeline, tuple(_read_lookups(spec)))


def split_pipeline(
    version: int, pipeline: Any, lookups: tuple[FeatureLookup, ...] = ()
) -> ScoringModel:
    """Splits a version's pipeline into its first step and the rest.

    Raises:
        FormerVersionError: The pipeline does not begin with a `FirstStep`.
    """
    # The class of a version's own files is another one than today's.
    if not hasattr(pipeline[0], "examine"):
        raise FormerVersionError(
            f"version {version} computes no inputs, since an earlier release of the template"
            " trained it: run the job lifecycle, which trains another version"
        )
    return ScoringModel(version, pipeline[0], pipeline[1:], lookups)


def check_files(client: MlflowClient, name: str, version: int, folder: Path) -> None:
    """Lets a version's files pass when they are those that training registered.

    Raises:
        AlteredFilesError: The files differ, or training left no digest of them.
    """
    if digest_files(folder) != client.get_model_version(name, str(version)).tags.get(DIGEST):
        raise AlteredFilesError(
            f"the files of version {version} of {name} are not those that training registered"
        )


def _read_lookups(spec: dict[str, Any]) -> Iterator[FeatureLookup]:
    columns: dict[str, list[str]] = {}
    keys: dict[str, list[str]] = {}
    times: dict[str, list[str] | None] = {}
    for entry in spec["input_columns"]:
        (column,) = entry.values()
        if column["source"] == "feature_store":
            columns.setdefault(column["table_name"], []).append(column["feature_name"])
            keys[column["table_name"]] = column["lookup_key"]
            times[column["table_name"]] = column.get("timestamp_lookup_key")
    tables = {name: told for entry in spec.get("input_tables", []) for name, told in entry.items()}
    for table, names in columns.items():
        age = tables[table].get("lookback_window")
        yield FeatureLookup(
            table_name=table,
            lookup_key=keys[table],
            timestamp_lookup_key=times[table],
            feature_names=names,
            lookback_window=None if age is None else dt.timedelta(seconds=age),
        )
