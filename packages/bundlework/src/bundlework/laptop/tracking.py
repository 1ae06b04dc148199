"""MLflow's tracking and registry in files: SQLite and a folder of artifacts."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

# Where MLflow's database keeps absolute locations of artifacts.
LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def get_store_uri(state: Path) -> str:
    """The address of the database."""
    return f"sqlite:///{state / 'mlflow.db'}"


def get_artifact_root(state: Path) -> Path:
    """The folder of the artifacts."""
    return state / "artifacts"


def open_tracking(state: Path) -> None:
    """Points MLflow at the state folder; one that was moved is mended first."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    mend_locations(state)
    import mlflow
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from mlflow.tracking._tracking_service import utils

    logging.getLogger("alembic").setLevel(logging.WARNING)
    root = get_artifact_root(state).as_uri()
    # MLflow's client would keep artifacts of new experiments in the working directory.
    utils._tracking_store_registry.register(
        "sqlite", lambda store_uri, artifact_uri=None: SqlAlchemyStore(store_uri, root)
    )
    if not (state / "mlflow.db").exists():
        _create_store(state, root)
    mlflow.set_tracking_uri(get_store_uri(state))
    mlflow.set_registry_uri(get_store_uri(state))


def _create_store(state: Path, root: str) -> None:
    # A database whose creation was killed half way could never be opened again.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    unfinished = state / "mlflow.db.unfinished"
    unfinished.unlink(missing_ok=True)
    SqlAlchemyStore(f"sqlite:///{unfinished}", root).engine.dispose()
    unfinished.rename(state / "mlflow.db")


def mend_locations(state: Path) -> None:
    """Replaces the former folder in stored locations after the state was moved."""
    here, marker = get_artifact_root(state).as_uri(), state / "artifact_root"
    former = marker.read_text() if marker.exists() else here
    if former != here and (state / "mlflow.db").exists():
        with sqlite3.connect(state / "mlflow.db") as database:
            for table, column in LOCATIONS:
                database.execute(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (former, here)
                )
    state.mkdir(parents=True, exist_ok=True)
    marker.write_text(here)
