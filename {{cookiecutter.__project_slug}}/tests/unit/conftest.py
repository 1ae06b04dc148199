"""What tests of several rooms share: a web server that listens, and a registry of models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.artifact import digest_files
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS, TRANSITIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.validation.tables import VALIDATION_RESULTS

from .listener import Listener
from .test_settings import ARGUMENTS
from .toy_registry import (
    NAME,
    VERDICTS,
    Registry,
    make_experiment,
    record,
    save_model,
    use_registry,
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            server.heard.append(json.loads(self.rfile.read(length)))
            self.send_response(server.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = Listener(("127.0.0.1", 0), Handler)
    server.heard = []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


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
        run = client.create_run(make_experiment(client, files.parent)).info.run_id
        made = client.create_model_version(NAME, files.as_uri(), run)
        client.set_model_version_tag(
            NAME, made.version, "artifact_digest", digest_files(Path(files))
        )
    values: dict[str, object] = {}
    parts: dict[str, Any] = dict.fromkeys(("features", "governance", "secrets", "endpoints"))
    keeper = type("Values", (), {"set": lambda self, key, value: values.update({key: value})})()
    registry = Registry(Workspace(spark=judged, mlflow=client, task_values=keeper, **parts), values)
    yield registry
    client.delete_registered_model(NAME)
    for table in (PROMOTIONS, TRANSITIONS):
        judged.sql(f"DELETE FROM dev.models.{table.name}")
    if registry.judged_again:
        record(judged, VERDICTS)
