"""The registry that the tests of approval, promotion and rollback share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.artifact import digest_files
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.tables import create_table
from {{ cookiecutter.__package }}.tables import PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS
from {{ cookiecutter.__package }}.workspace import Workspace

from ..test_settings import ARGUMENTS
from .registry import NAME, VERDICTS, Registry, record, save_model, use_registry


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model's files, and an empty registry for its versions."""
    folder = tmp_path_factory.mktemp("registry")
    former = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    use_registry(*[f"sqlite:///{folder}/mlflow.db"] * 2)
    yield save_model(folder / "files")
    use_registry(*former)


@pytest.fixture(scope="module")
def judged(lakehouse: SparkSession) -> SparkSession:
    """The tables, with a verdict on each version."""
    for table in (PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS):
        create_table(lakehouse, table, Settings.from_arguments(ARGUMENTS))
    record(lakehouse, VERDICTS)
    return lakehouse


@pytest.fixture
def registry(judged: SparkSession, files: Path) -> Iterator[Registry]:
    client = MlflowClient()
    client.create_registered_model(NAME)
    for _ in range(3):
        made = client.create_model_version(NAME, files.as_uri())
        client.set_model_version_tag(
            NAME, made.version, "artifact_digest", digest_files(Path(files))
        )
    values: dict[str, object] = {}
    parts: dict[str, Any] = {"features": None, "governance": None, "secrets": None}
    keeper = type("Values", (), {"set": lambda self, key, value: values.update({key: value})})()
    registry = Registry(Workspace(spark=judged, mlflow=client, task_values=keeper, **parts), values)
    yield registry
    client.delete_registered_model(NAME)
    for table in (PROMOTIONS, TRANSITIONS):
        judged.sql(f"DELETE FROM dev.models.{table.name}")
    if registry.judged_again:
        record(judged, VERDICTS)
