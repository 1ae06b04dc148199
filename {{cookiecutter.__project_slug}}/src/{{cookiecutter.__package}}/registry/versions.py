"""What the registry keeps of a model version: the names of its tags, and how to find one."""

from __future__ import annotations

import datetime as dt

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..settings import Settings, ValidationSettings
from .tags import AS_OF


def get_version(client: MlflowClient, name: str, version: int) -> ModelVersion | None:
    """A version with its tags; None when there is none, or it was deleted.

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
    """The run that trained a version; None where it has none, or the run was deleted.

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
    """The version that an alias names; None when it names none.

    Raises:
        MlflowException: The registry cannot answer.
    """
    try:
        return int(client.get_model_version_by_alias(name, alias).version)
    except MlflowException as error:
        # Registries differ in what they call an alias that is not set.
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        return None


def find_version_of(client: MlflowClient, settings: Settings) -> int:
    """The version trained last for the run's `as_of`.

    Raises:
        LookupError: There is none.
    """
    found = client.search_model_versions(f"name = '{settings.model_name}'")
    for number in sorted((int(version.version) for version in found), reverse=True):
        # Unity Catalog's search leaves tags out; asking for the version does not.
        version = client.get_model_version(settings.model_name, str(number))
        if version.tags.get(AS_OF) == settings.as_of.isoformat():
            return number
    raise LookupError(
        f"no version of {settings.model_name} was trained as of {settings.as_of}: "
        "run the job training first"
    )


def choose_version(client: MlflowClient, settings: ValidationSettings) -> ValidationSettings:
    """The settings with the version to judge, and the date that it was trained for.

    Whoever starts the deployment job names a version only; the date is the version's own.

    Raises:
        LookupError: No version was trained for the run's `as_of`.
        MlflowException: There is no such version.
    """
    number = settings.model_version or find_version_of(client, settings)
    tags = client.get_model_version(settings.model_name, str(number)).tags
    as_of = dt.date.fromisoformat(tags.get(AS_OF) or settings.as_of.isoformat())
    return settings.model_copy(update={"model_version": number, "as_of": as_of})
