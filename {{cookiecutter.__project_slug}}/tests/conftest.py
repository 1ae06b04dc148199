"""Spark for the tests, of the kind that the jobs run on, and a copy of the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.spark import build_session
from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/{{ cookiecutter.__package }}"
SCHEMAS = ("raw", "features", "models", "predictions", "monitoring")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session of this process: the active one, unless a module with its own has ended it."""
    active = SparkSession.getActiveSession()
    if active:
        return active
    bundle, folder = load_bundle(ROOT), tmp_path_factory.mktemp("spark")
    kind, jars = bundle.is_serverless, bundle.contract.jars
    return build_session(folder, ["dev"], serverless=kind, jars=jars)


@pytest.fixture(scope="module")
def lakehouse(spark: SparkSession) -> Iterator[SparkSession]:
    """Empty schemas in the catalog `dev`."""
    for schema in SCHEMAS:
        spark.sql(f"CREATE SCHEMA {schema}")
    yield spark
    for schema in SCHEMAS:
        spark.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package under a name of its own, to be edited and imported."""
    copied = tmp_path / f"edited_{tmp_path.name}"
    copytree(PACKAGE, copied, ignore=ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    yield copied
    for name in [name for name in sys.modules if name.split(".")[0] == copied.name]:
        del sys.modules[name]
