"""Batches that are applied one after the other give the predictions in force, at any moment."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inference.views import PREDICTIONS_IN_FORCE
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.sinks.batches import (
    IS_REMOVED,
    Batch,
    LostFeedError,
    find_batch,
    record_batch,
    select_rows,
)
from {{ cookiecutter.__package }}.sinks.tables import SINK_BATCHES
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toy_predictions import SETTINGS, open_tables, prediction, promote, write
from ..toys import KEY


@pytest.fixture
def workspace(lakehouse: SparkSession) -> Iterator[Workspace]:
    with open_tables(lakehouse, PROMOTIONS, PREDICTIONS, SINK_BATCHES) as workspace:
        yield workspace


class Copy:
    """A reader of a sink, who applies each row of each batch."""

    def __init__(self, workspace: Workspace, sink: str = "copy") -> None:
        self._spark, self.sink = workspace.spark, sink
        self.rows: dict[str, dict[str, Any]] = {}

    def take(self) -> set[str]:
        """Takes the next batch; returns the keys of the batch's rows."""
        batch = self.find()
        assert batch
        record_batch(self._spark, SETTINGS, batch, "begun")
        told = self.read(batch)
        for key, row in told.items():
            removed = row.pop(IS_REMOVED)
            self.rows.pop(key, None)
            if not removed:
                self.rows[key] = row
        record_batch(self._spark, SETTINGS, batch, "done", len(told))
        return set(told)

    def find(self) -> Batch | None:
        return find_batch(self._spark, SETTINGS, self.sink)

    def read(self, batch: Batch) -> dict[str, dict[str, Any]]:
        rows = select_rows(self._spark, SETTINGS, batch).collect()
        told = {row[KEY[0]]: row.asDict() for row in rows}
        assert len(told) == len(rows)
        return told

    def read_in_force(self) -> dict[str, dict[str, Any]]:
        rows = self._spark.sql(PREDICTIONS_IN_FORCE.query(SETTINGS)).collect()
        return {row[KEY[0]]: row.asDict() for row in rows}


def test_batches_follow_what_is_made_renewed_rolled_back_and_promoted_again(
    workspace: Workspace,
) -> None:
    copy = Copy(workspace)
    promote(workspace, 1, "2013-06-01")
    write(workspace, PREDICTIONS, prediction("a", 30, 1, 0, 1), prediction("b", 3, 1, 0, 0))
    assert copy.take() == {"a", "b"}
    assert copy.rows == copy.read_in_force()
    assert copy.find() is None

    promote(workspace, 2, "2013-06-08")
    write(workspace, PREDICTIONS, prediction("a", 30, 2, 1, 0), prediction("c", 40, 2, 1, 1))
    assert copy.take() == {"a", "c"}
    assert copy.rows == copy.read_in_force()

    # Without any new prediction: one has a former version's again, the other none at all.
    promote(workspace, 1, "2013-06-08", number=3, kind="rollback", former=2)
    assert copy.take() == {"a", "c"}
    assert copy.rows == copy.read_in_force()
    assert (set(copy.rows), copy.rows["a"]["model_version"]) == ({"a", "b"}, 1)

    promote(workspace, 2, "2013-06-10", number=4)
    write(workspace, PREDICTIONS, prediction("b", 3, 2, 2, None))
    assert copy.take() == {"a", "b", "c"}
    assert copy.rows == copy.read_in_force()
    assert copy.find() is None


def test_sinks_are_handed_what_each_of_them_lacks(workspace: Workspace) -> None:
    first, second = Copy(workspace, "first"), Copy(workspace, "second")
    write(workspace, PREDICTIONS, prediction("a", 3, 1, 0, 0))
    first.take()
    write(workspace, PREDICTIONS, prediction("b", 3, 1, 0, 0))
    assert (first.take(), second.take()) == ({"b"}, {"a", "b"})
    assert first.rows == second.rows == first.read_in_force()


def test_a_batch_that_was_cut_short_comes_again_with_the_same_rows(workspace: Workspace) -> None:
    copy = Copy(workspace)
    write(workspace, PREDICTIONS, prediction("a", 3, 1, 0, 0))
    copy.take()
    write(workspace, PREDICTIONS, prediction("b", 3, 1, 0, 0))
    begun = copy.find()
    assert begun
    record_batch(workspace.spark, SETTINGS, begun, "begun")
    told = copy.read(begun)
    # Predictions and rollbacks that come meanwhile belong to the next batch.
    write(workspace, PREDICTIONS, prediction("b", 3, 1, 1, 0), prediction("c", 3, 1, 1, 0))
    promote(workspace, 2, "2013-06-10", kind="rollback", former=1)
    assert copy.find() == begun
    assert copy.read(begun) == told
    assert (copy.take(), copy.take()) == ({"b"}, {"a", "b", "c"})
    assert copy.rows == copy.read_in_force() == {}


def test_a_batch_reads_the_files_of_its_days_alone(workspace: Workspace) -> None:
    copy = Copy(workspace)
    for week in range(4):
        write(workspace, PREDICTIONS, prediction(f"week {week}", -168 * (4 - week), 1, 0, None))
    copy.take()
    write(workspace, PREDICTIONS, prediction("today", 3, 1, 0, 0))
    batch = copy.find()
    assert batch
    with redirect_stdout(io.StringIO()) as plan:
        select_rows(workspace.spark, SETTINGS, batch).explain()
    assert f"GreaterThanOrEqual({PROBLEM.event_time}" in plan.getvalue()


@pytest.mark.parametrize("rows", ["", "a", "abcd"])
def test_a_table_that_was_made_anew_is_refused(workspace: Workspace, rows: str) -> None:
    copy = Copy(workspace)
    for name in "ab":
        write(workspace, PREDICTIONS, prediction(name, 3, 1, 0, 0))
    copy.take()
    workspace.spark.sql(f"DROP TABLE {PREDICTIONS.full_name(SETTINGS)}")
    create_table(workspace.spark, PREDICTIONS, SETTINGS)
    for name in rows:
        write(workspace, PREDICTIONS, prediction(name, 3, 1, 0, 0))
    with pytest.raises(LostFeedError, match="was made anew since copy was handed rows of it"):
        copy.find()
