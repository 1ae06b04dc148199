"""A micro-batch is scored once, with what was known when its last row was known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.platform.delta import make_frame
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.streaming.arrivals import (
    Scorer,
    find_ahead,
    leave_scored_out,
    measure,
)
from {{ cookiecutter.__package }}.streaming.tables import STREAM_BATCHES

from ..toy_predictions import (
    CUTOFF,
    HOUR,
    SETTINGS,
    TOY,
    example,
    open_tables,
    prediction,
    promote,
    write,
)
from ..toys import EXAMPLES, KEY, inject


@pytest.fixture
def workspace(lakehouse: SparkSession) -> Iterator[Workspace]:
    tables = (EXAMPLES, PROMOTIONS, PREDICTIONS, STREAM_BATCHES)
    with open_tables(lakehouse, *tables) as workspace, inject(TOY):
        yield workspace


def arrive(workspace: Workspace, *rows: dict[str, Any]) -> DataFrame:
    """A micro-batch, as Spark hands it on: the table has its rows already."""
    write(workspace, EXAMPLES, *rows)
    return make_frame(workspace.spark, rows, EXAMPLES.struct)


def list_ahead(workspace: Workspace, rows: DataFrame) -> dict[str, int]:
    batch = measure("stream", 0, rows)
    assert batch
    found = find_ahead(workspace, SETTINGS, batch).collect()
    assert len({row[KEY[0]] for row in found}) == len(found)
    return {row[KEY[0]]: row.days_ahead for row in found}


def test_what_arrives_before_its_moment_is_ahead(workspace: Workspace) -> None:
    hours = {"at its moment": 7, "too late": 6.9, "tomorrow": 27, "much later": 24 * 6}
    rows = arrive(workspace, *(example(name, hour, known=5) for name, hour in hours.items()))
    # The moment of "at its moment" comes when the last row is known; a model sees that row.
    assert list_ahead(workspace, rows) == {"tomorrow": 1, "much later": 5}


def test_of_an_example_that_changed_the_last_row_counts(workspace: Workspace) -> None:
    # The others arrived earlier, or are not known yet.
    arrive(workspace, example("moved", 30), example("beside", 60), example("later", 60, known=9))
    rows = arrive(workspace, example("moved", 60, known=5))
    assert list_ahead(workspace, rows) == {"moved": 2}
    # A row that is late does not undo what was known already.
    late = arrive(workspace, example("moved", 80, known=-5))
    assert list_ahead(workspace, late.unionAll(rows)) == {"moved": 2}


def test_a_score_of_the_same_version_and_day_stays(workspace: Workspace) -> None:
    rows = arrive(workspace, *(example(name, 30) for name in ("old", "other", "own", "new")))
    write(
        workspace,
        PREDICTIONS,
        prediction("old", 30, 2, -1, 2),
        prediction("other", 30, 1, 0, 1),
        prediction("own", 30, 2, 0, 1),
    )
    batch = measure("stream", 0, rows)
    assert batch
    due = leave_scored_out(workspace.spark, SETTINGS, 2, rows, batch.window)
    assert sorted(row[KEY[0]] for row in due.collect()) == ["new", "old", "other"]


def test_an_empty_micro_batch_is_nothing(workspace: Workspace) -> None:
    assert measure("stream", 0, workspace.spark.table(EXAMPLES.full_name(SETTINGS))) is None


def test_what_arrives_before_the_first_champion_is_recorded_once_and_not_scored(
    workspace: Workspace,
) -> None:
    promote(workspace, 1, (SETTINGS.as_of + dt.timedelta(days=1)).isoformat())
    rows = arrive(workspace, example("a", 30, known=2), example("b", 1, known=1))
    scorer = Scorer(lambda _: workspace, SETTINGS, "stream")
    for _ in range(2):
        scorer(rows, 0)
    (row,) = workspace.spark.table(STREAM_BATCHES.full_name(SETTINGS)).collect()
    assert (row.stream, row.number, row.as_of) == ("stream", 0, SETTINGS.as_of)
    assert (row.model_version, row.arrived, row.ahead) == (None, 2, 1)
    assert row.known_until.astimezone(dt.UTC) == CUTOFF + 2 * HOUR
    assert workspace.spark.table(PREDICTIONS.full_name(SETTINGS)).isEmpty()
