"""Setting up twice is setting up once."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from {{ cookiecutter.__package }}.setup.task import ensure_model


def open_registry(folder: Path) -> MlflowClient:
    address = f"sqlite:///{folder}/mlflow.db"
    return MlflowClient(address, registry_uri=address)


def test_a_model_is_registered_once(tmp_path: Path) -> None:
    client = open_registry(tmp_path)
    for _ in range(2):
        ensure_model(client, "dev.models.model")
    assert [model.name for model in client.search_registered_models()] == ["dev.models.model"]


def test_a_registry_that_cannot_answer_is_an_error(tmp_path: Path) -> None:
    client = open_registry(tmp_path)
    with pytest.raises(MlflowException):
        ensure_model(client, "")
