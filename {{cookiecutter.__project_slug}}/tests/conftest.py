"""Spark for the tests: classic, or Connect when SPARK_MODE=connect, never both in one process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

SCHEMAS = ("raw", "features", "models", "predictions", "monitoring")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """On Connect, only what needs Spark: the rest has been tested with classic Spark."""
    if os.environ.get("SPARK_MODE") == "connect":
        others = [item for item in items if "spark" not in item.fixturenames]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    session = _start(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


def _start(folder: Path) -> SparkSession:
    if os.environ.get("SPARK_MODE") == "connect":
        from bundlework.laptop.java import find_java
        from bundlework.laptop.spark import use_utc

        os.environ["JAVA_HOME"] = str(find_java())
        os.environ["PYSPARK_PYTHON"] = sys.executable
        use_utc()
        builder = SparkSession.builder.remote("local[2]")
        settings = {"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "2"}
        for name, value in settings.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()
    from bundlework.laptop.spark import build_session

    return build_session(folder, catalogs=["dev"])


@pytest.fixture(scope="module")
def lakehouse(spark: SparkSession) -> Iterator[SparkSession]:
    """Empty schemas in the catalog `dev`; Connect has no such catalogs on a laptop."""
    if os.environ.get("SPARK_MODE") == "connect":
        pytest.skip("needs catalogs, which Spark Connect has only in a workspace")
    for schema in SCHEMAS:
        spark.sql(f"CREATE SCHEMA {schema}")
    yield spark
    for schema in SCHEMAS:
        spark.sql(f"DROP SCHEMA {schema} CASCADE")
