"""Spark for the tests, of the kind that the jobs run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.spark import build_session
from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[1]
SCHEMAS = ("raw", "features", "models", "predictions", "monitoring")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    kind = load_bundle(ROOT).is_serverless
    session = build_session(tmp_path_factory.mktemp("spark"), ["dev"], serverless=kind)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def lakehouse(spark: SparkSession) -> Iterator[SparkSession]:
    """Empty schemas in the catalog `dev`."""
    for schema in SCHEMAS:
        spark.sql(f"CREATE SCHEMA {schema}")
    yield spark
    for schema in SCHEMAS:
        spark.sql(f"DROP SCHEMA {schema} CASCADE")
