"""Spark for tests that run in the rendered project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bundlework.bundle.loading import load_bundle
from bundlework.laptop.spark import build_session


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    other = SparkSession.getActiveSession()
    if other:
        other.stop()
    kind = load_bundle(Path.cwd()).is_serverless
    session = build_session(tmp_path_factory.mktemp("spark"), [], serverless=kind)
    yield session
    session.stop()
