"""Finds model versions and their runs in the registry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..settings import Settings, ValidationSettings
from .tags import AS_OF


def get_version(client: MlflowClient, name: str, version: int) -> ModelVersion | None:
    """Gets a version with its tags; None when the registry has no such version.

    Raises:
        MlflowException: The registry cannot answer.
    """
    try:
        return client.get_model_version(name, str(version))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def find_run(client: MlflowClient, run: str | None) -> Run | None:
    """Finds the run that trained a version; None when the version has no run, or a deleted one.

    Raises:
        MlflowException: The tracking server cannot answer.
    """
    if not run:
        return None
    try:
        found = client.get_run(run)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return found if found.info.lifecycle_stage == "active" else None


def find_alias(client: MlflowClient, name: str, alias: str) -> int | None:
    """Finds the version that an alias names; None when the alias is not set.

    Raises:
        MlflowException: The registry cannot answer.
    """
    try:
        return int(client.get_model_version_by_alias(name, alias).version)
    except MlflowException as error:
        # Registries report an alias that is not set in different ways.
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        return None


def find_version_of(client: MlflowClient, settings: Settings) -> int:
    """Finds the version that was trained last for the run's `as_of`.

    Raises:
        LookupError: No version was.
    """
    found = mlflow.search_model_versions(filter_string=f"name = '{settings.model_name}'")
    for number in sorted((int(version.version) for version in found), reverse=True):
        # Unity Catalog's search leaves tags and aliases out, so the version itself is read.
        version = client.get_model_version(settings.model_name, str(number))
        if version.tags.get(AS_OF) == settings.as_of.isoformat():
            return number
    raise LookupError(
        f"no version of {settings.model_name} was trained as of {settings.as_of}: "
        "run the job training first"
    )


@dataclass(frozen=True)
class DatedVersion:
    """A version and the date that it was trained for."""

    number: int
    as_of: dt.date


def choose_version(client: MlflowClient, settings: ValidationSettings) -> DatedVersion:
    """Chooses the version to judge, with the date that it was trained for.

    MLflow starts the deployment job with a version and no date: the version's own date counts.

    Raises:
        LookupError: No version was trained for the run's `as_of`.
        MlflowException: The registry has no such version.
    """
    number = settings.model_version or find_version_of(client, settings)
    tags = client.get_model_version(settings.model_name, str(number)).tags
    trained_for = tags.get(AS_OF)
    return DatedVersion(
        number, dt.date.fromisoformat(trained_for) if trained_for else settings.as_of
    )
