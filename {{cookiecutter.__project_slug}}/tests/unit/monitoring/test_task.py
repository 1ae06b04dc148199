"""A version is judged by windows that it scored whole, and a repetition renews its metrics."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.monitoring.facts import Fact
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.monitoring.task import Scored, find_scored, record_facts
from {{ cookiecutter.__package }}.platform.delta import make_frame, read_version
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS
from ..toys import KEY

OWN = [argument for argument in ARGUMENTS if not argument.startswith("--source")]
SETTINGS = Settings.from_arguments([*OWN, "--source=dev.raw"])
NOON = dt.datetime(2013, 6, 10, 12, tzinfo=dt.UTC)
WINDOW = Window(NOON - dt.timedelta(days=1), NOON + dt.timedelta(days=1))
DAY = dt.date(2013, 6, 11)
# The table of examples, with rows that have a key and a time alone.
OPTIONAL = tuple(dataclasses.replace(c, required=False) for c in PROBLEM.examples.columns)
EXAMPLES = dataclasses.replace(PROBLEM.examples, columns=OPTIONAL)


@pytest.fixture
def workspace(lakehouse: SparkSession) -> Iterator[Workspace]:
    tables = (EXAMPLES, PREDICTIONS, METRICS)
    for table in tables:
        create_table(lakehouse, table, SETTINGS)
    others = ("features", "mlflow", "task_values", "governance", "secrets")
    parts: dict[str, Any] = dict.fromkeys(others)
    yield Workspace(spark=lakehouse, **parts)
    for table in tables:
        lakehouse.sql(f"DELETE FROM {table.full_name(SETTINGS)}")


def test_a_version_that_scored_a_part_of_the_window_is_not_judged_by_it(
    workspace: Workspace,
) -> None:
    spark = workspace.spark
    examples = [{**dict.fromkeys(KEY, name), PROBLEM.event_time: NOON} for name in "abc"]
    told = {"probability": 0.5, "as_of": DAY}
    scored = [{**row, **told, "model_version": 1} for row in examples]
    scored.append({**scored[-1], "model_version": 2})
    for table, rows in ((EXAMPLES, examples), (PREDICTIONS, scored)):
        make_frame(spark, rows, table.struct).writeTo(table.full_name(SETTINGS)).append()
    found = find_scored(workspace, SETTINGS, WINDOW)
    assert [(each.version, each.count, each.is_whole) for each in found] == [
        (1, 3, True),
        (2, 1, False),
    ]


def test_a_repetition_replaces_the_metrics_of_its_date_alone(workspace: Workspace) -> None:
    name = METRICS.full_name(SETTINGS)

    def record(*facts: Fact) -> list[tuple[str, float | None]]:
        scored = Scored(WINDOW, 1, 3, workspace.spark.range(0), is_whole=True)
        record_facts(workspace, SETTINGS, [(scored, fact) for fact in facts])
        found = workspace.spark.table(name).where("as_of = DATE'2013-07-01'").collect()
        return sorted((row.subject, row.value) for row in found)

    other = (dt.date(2013, 6, 1), NOON, NOON, 1, "volume", "x", "rows", 7.0, None, False)
    workspace.spark.createDataFrame([other], METRICS.struct).writeTo(name).append()
    volume, wind = (Fact("volume", subject, "rows", 3.0) for subject in ("predictions", "wind"))
    assert record(volume, wind) == [("predictions", 3.0), ("wind", 3.0)]
    version = read_version(workspace.spark, name)
    record(wind, volume)
    assert read_version(workspace.spark, name) == version
    assert record(Fact("volume", "predictions", "rows", 4.0)) == [("predictions", 4.0)]
    assert workspace.spark.table(name).count() == 2
