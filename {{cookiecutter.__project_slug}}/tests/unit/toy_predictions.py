"""Predictions and promotions, as jobs of a date would have written them, and their tables."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.delta import append_new_rows, make_frame
from {{ cookiecutter.__package }}.platform.vocabulary import Table
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from .test_settings import ARGUMENTS
from .toys import EXAMPLES, KEY

OWN = [argument for argument in ARGUMENTS if not argument.startswith("--source")]
SETTINGS = Settings.from_arguments([*OWN, "--source=dev.raw"])
CUTOFF, HOUR = SETTINGS.cutoff, dt.timedelta(hours=1)
ABSENT = ("features", "mlflow", "task_values", "governance", "secrets", "endpoints")


# The project's key and event time, two days ahead; each example is predicted two hours before.
TOY = dataclasses.replace(
    PROBLEM,
    examples=EXAMPLES,
    lead=dt.timedelta(days=7),
    horizon_days=2,
    find_prediction_time=lambda at: at - F.lit(2 * HOUR),
    find_cancelled=None,
    inputs=(),
    lookups=(),
    baselines={},
    describe=lambda rows: rows,
)


@contextmanager
def open_tables(spark: SparkSession, *tables: Table, **parts: Any) -> Iterator[Workspace]:
    """Opens a workspace that has Spark and empty tables; at the end the tables are removed."""
    for table in tables:
        create_table(spark, table, SETTINGS)
    yield Workspace(spark=spark, **{**dict.fromkeys(ABSENT), **parts})
    for table in tables:
        spark.sql(f"DROP TABLE {table.full_name(SETTINGS)}")


def example(name: str, hours: float, known: float = -100) -> dict[str, Any]:
    """An example that happens so many hours after the run's cutoff, and when it was known."""
    times = {EXAMPLES.time: known, PROBLEM.event_time: hours}
    at = {column: CUTOFF + hour * HOUR for column, hour in times.items()}
    return {**dict.fromkeys(KEY, name), **at}


def promote(
    workspace: Workspace,
    version: int,
    day: str,
    number: int | None = None,
    kind: str = "promotion",
    former: int | None = None,
    at: dt.datetime | None = None,
) -> None:
    since = dt.date.fromisoformat(day)
    row = {
        "number": number or version,
        "model_version": version,
        "as_of": since,
        "former_version": former,
        "kind": kind,
        "by": "ann",
        "reason": "better",
        "changed_at": at or dt.datetime.now(dt.UTC),
    }
    frame = make_frame(workspace.spark, [row], PROMOTIONS.struct)
    # Two jobs may write rows of one number at once.
    frame.writeTo(PROMOTIONS.full_name(SETTINGS)).append()


def prediction(name: str, hours: float, version: int, days: int, ahead: int | None) -> Any:
    """A prediction by a run of so many days after the date."""
    as_of, at = SETTINGS.as_of + dt.timedelta(days=days), CUTOFF + hours * HOUR
    told = {PROBLEM.event_time: at, "model_version": version, "as_of": as_of, "days_ahead": ahead}
    return {**dict.fromkeys(KEY, name), **told, "score": 0.5}


def write(workspace: Workspace, table: Table, *rows: dict[str, Any]) -> None:
    frame = make_frame(workspace.spark, rows, table.struct)
    append_new_rows(table.full_name(SETTINGS), frame, table.keys)
