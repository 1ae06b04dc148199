"""Versions and runs are found wherever the registry lists them, and whatever it leaves out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.store.entities import PagedList
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore

from {{ cookiecutter.__package }}.registry.champion import CHAMPION
from {{ cookiecutter.__package }}.registry.tags import IDENTITY
from {{ cookiecutter.__package }}.registry.versions import find_alias, find_version_of
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.training.registration import (
    close_interrupted_runs,
    find_version,
)

from ..test_settings import ARGUMENTS
from ..toy_registry import NAME, use_registry

SETTINGS = Settings.from_arguments(ARGUMENTS)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """A client of a store with pages of one entry, whose list has neither tags nor aliases."""
    list_versions, list_runs = RegistryStore.search_model_versions, TrackingStore.search_runs

    def list_one_version(
        store: RegistryStore, query: str, most: int, order_by: Any = None, page_token: Any = None
    ) -> PagedList:
        page = list_versions(store, query, 1, order_by, page_token)
        return PagedList([strip(version) for version in page], page.token)

    def list_one_run(store: TrackingStore, **asked: Any) -> PagedList:
        return list_runs(store, **{**asked, "max_results": 1})

    monkeypatch.setattr(RegistryStore, "search_model_versions", list_one_version)
    monkeypatch.setattr(TrackingStore, "search_runs", list_one_run)
    former = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    use_registry(*[f"sqlite:///{tmp_path}/mlflow.db"] * 2)
    yield MlflowClient()
    use_registry(*former)


def strip(version: ModelVersion) -> ModelVersion:
    return ModelVersion(version.name, version.version, 0, run_id=version.run_id)


@pytest.fixture
def experiment(client: MlflowClient) -> str:
    return str(client.create_experiment(SETTINGS.experiment))


def register(client: MlflowClient, run: str) -> int:
    return int(client.create_model_version(NAME, "file:///nowhere", run).version)


def test_the_first_of_many_versions_is_found(client: MlflowClient, experiment: str) -> None:
    client.create_registered_model(NAME)
    runs = [client.create_run(experiment, tags={IDENTITY: str(n)}).info.run_id for n in range(3)]
    for run in runs:
        number = register(client, run)
        day = SETTINGS.as_of + dt.timedelta(days=number - 1)
        client.set_model_version_tag(NAME, str(number), "as_of", day.isoformat())
    client.set_registered_model_alias(NAME, CHAMPION, "1")
    assert find_version_of(client, SETTINGS) == 1
    assert [find_version(client, SETTINGS, str(number)) for number in range(3)] == [1, 2, 3]
    assert find_alias(client, NAME, CHAMPION) == 1


def test_the_version_of_any_of_several_equal_runs_is_found(
    client: MlflowClient, experiment: str
) -> None:
    client.create_registered_model(NAME)
    first = client.create_run(experiment, start_time=1, tags={IDENTITY: "same"})
    for later in (2, 3):
        client.create_run(experiment, start_time=later, tags={IDENTITY: "same"})
    assert register(client, first.info.run_id) == 1
    assert find_version(client, SETTINGS, "same") == 1


def test_every_interrupted_run_is_closed(client: MlflowClient, experiment: str) -> None:
    runs = [client.create_run(experiment, tags={IDENTITY: "same"}).info.run_id for _ in range(3)]
    close_interrupted_runs(client, experiment, "same")
    assert [client.get_run(run).info.status for run in runs] == ["KILLED"] * 3
