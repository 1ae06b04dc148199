"""Predictions are measured by when they were made, and a repetition renews the metrics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.monitoring.facts import Fact
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.monitoring.task import (
    Observation,
    find_missing,
    find_scored,
    record_observations,
)
from {{ cookiecutter.__package }}.platform.delta import make_frame, read_version
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toy_predictions import SETTINGS, open_tables
from ..toys import KEY

NOON = dt.datetime(2013, 6, 10, 12, tzinfo=dt.UTC)
WINDOW = Window(NOON - dt.timedelta(days=1), NOON + dt.timedelta(days=1))
DAY, ONE = dt.date(2013, 6, 10), dt.timedelta(days=1)


@pytest.fixture
def workspace(lakehouse: SparkSession) -> Iterator[Workspace]:
    with open_tables(lakehouse, PREDICTIONS, METRICS) as workspace:
        yield workspace


def test_predictions_are_measured_by_version_and_by_when_they_were_made(
    workspace: Workspace,
) -> None:
    def row(name: str, version: int, day: dt.date, ahead: int | None, p: float) -> dict[str, Any]:
        told = {"model_version": version, "as_of": day, "days_ahead": ahead, "score": p}
        return {**dict.fromkeys(KEY, name), PROBLEM.event_time: NOON, **told}

    rows = [
        row("a", 1, DAY, 0, 0.1),
        row("a", 1, DAY - ONE, 1, 0.2),
        row("b", 1, DAY, 0, 0.3),
        # Runs of two dates scored it afterwards, in whatever order.
        row("c", 2, DAY + ONE, None, 0.4),
        row("c", 2, DAY, None, 0.5),
        # A run that is not known yet.
        row("d", 2, SETTINGS.as_of + ONE, None, 0.6),
    ]
    frame = make_frame(workspace.spark, rows, PREDICTIONS.struct)
    frame.writeTo(PREDICTIONS.full_name(SETTINGS)).append()
    found = {(each.version, each.timing): each for each in find_scored(workspace, SETTINGS, WINDOW)}
    assert {group: each.count for group, each in found.items()} == {
        (1, "in time"): 2,
        (1, "in time, 1 days ahead"): 1,
        (2, "afterwards"): 1,
    }
    (only,) = found[2, "afterwards"].predictions.collect()
    assert only.score == 0.4


def test_an_example_lacks_a_tables_features_when_it_has_none_of_them(spark: SparkSession) -> None:
    table = PROBLEM.lookups[0]
    names, types = table.features, ", ".join(f"{name} double" for name in table.features)
    rows = [tuple(1.0 if name == some else None for name in names) for some in (names[0], "")]
    (name,) = found = find_missing(names)
    assert name == f"without {table.name}"
    frame = spark.createDataFrame(rows, types).select(found[name])
    assert [row[0] for row in frame.collect()] == [0.0, 1.0]


def test_a_repetition_replaces_the_metrics_of_its_date_alone(workspace: Workspace) -> None:
    name = METRICS.full_name(SETTINGS)

    def record(*facts: Fact) -> list[tuple[str, float | None]]:
        observed = [Observation(WINDOW, 1, fact) for fact in facts]
        record_observations(workspace, SETTINGS, observed)
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
