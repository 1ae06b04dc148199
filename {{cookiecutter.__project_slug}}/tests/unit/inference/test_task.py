"""Without a champion nothing is scored; with one, the champion of the date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inference.task import NoChampionError, count_examples, predict
from {{ cookiecutter.__package }}.inference.views import PREDICTIONS_IN_FORCE
from {{ cookiecutter.__package }}.platform.delta import append_new_rows, make_frame
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.champion import find_champion, read_promotions
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.registry.training_sets import RepeatedKeyError
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS, replace
from ..toys import KEY

SETTINGS = Settings.from_arguments(ARGUMENTS)


@pytest.fixture
def workspace(lakehouse: SparkSession) -> Iterator[Workspace]:
    for table in (PROMOTIONS, PREDICTIONS):
        create_table(lakehouse, table, SETTINGS)
    others = ("features", "mlflow", "task_values", "governance", "secrets")
    parts: dict[str, Any] = dict.fromkeys(others)
    yield Workspace(spark=lakehouse, **parts)
    for table in (PROMOTIONS, PREDICTIONS):
        lakehouse.sql(f"DELETE FROM {table.full_name(SETTINGS)}")


def promote(workspace: Workspace, version: int, day: str, number: int | None = None) -> None:
    now = dt.datetime.now(dt.UTC)
    since = dt.date.fromisoformat(day)
    row = {
        "number": number or version,
        "model_version": version,
        "as_of": since,
        "kind": "promotion",
        "by": "ann",
        "reason": "better",
        "changed_at": now,
    }
    frame = make_frame(workspace.spark, [row], PROMOTIONS.struct)
    append_new_rows(PROMOTIONS.full_name(SETTINGS), frame, PROMOTIONS.keys)


def test_without_a_champion_nothing_is_written(workspace: Workspace) -> None:
    promote(workspace, 1, "2013-07-02")
    with pytest.raises(NoChampionError, match=r"dev.models.model has no champion as of 2013-07-01"):
        predict(workspace, SETTINGS)
    assert workspace.spark.table(PREDICTIONS.full_name(SETTINGS)).isEmpty()


def test_a_date_has_the_champion_of_its_time(workspace: Workspace) -> None:
    for version, day in ((1, "2013-06-01"), (2, "2013-07-01"), (3, "2013-08-01")):
        promote(workspace, version, day)
    later = Settings.from_arguments(replace("as_of", "2013-07-15"))
    assert find_champion(workspace.spark, SETTINGS) == 2
    assert find_champion(workspace.spark, later) == 2
    assert [row.model_version for row in read_promotions(workspace.spark, SETTINGS)] == [1, 2, 3]


def make_predictions(spark: SparkSession, *made: tuple[str, int]) -> DataFrame:
    """Predictions of examples by versions; the first part of a key names the example."""
    moment, day = dt.datetime(2013, 6, 1, tzinfo=dt.UTC), dt.date(2013, 6, 2)
    told = {PROBLEM.event_time: moment, "probability": 0.5, "as_of": day}
    rows = [{**dict.fromkeys(KEY, name), **told, "model_version": v} for name, v in made]
    return make_frame(spark, rows, PREDICTIONS.struct)


def test_an_example_that_is_there_twice_is_refused_by_name(spark: SparkSession) -> None:
    examples = make_predictions(spark, ("a", 1), ("b", 1), ("b", 1))
    with pytest.raises(RepeatedKeyError, match=rf"1 rows have a {KEY[0]}.*, such as .*b.*: delete"):
        count_examples(examples)
    assert count_examples(examples.distinct()) == 2
    assert count_examples(examples.limit(0)) == 0


def find_in_force(workspace: Workspace) -> dict[str, int]:
    rows = workspace.spark.sql(PREDICTIONS_IN_FORCE.query(SETTINGS))
    assert rows.columns == list(PREDICTIONS_IN_FORCE.columns)
    found = rows.collect()
    assert len({row[KEY[0]] for row in found}) == len(found)
    return {row[KEY[0]]: row.model_version for row in found}


def test_in_force_are_the_predictions_of_the_champion_that_promotions_names(
    workspace: Workspace,
) -> None:
    frame = make_predictions(workspace.spark, ("a", 1), ("b", 1), ("b", 2), ("c", 2))
    append_new_rows(PREDICTIONS.full_name(SETTINGS), frame, PREDICTIONS.keys)
    assert find_in_force(workspace) == {}
    promote(workspace, 1, "2013-06-01")
    assert find_in_force(workspace) == {"a": 1, "b": 1}
    promote(workspace, 2, "2013-06-08")
    assert find_in_force(workspace) == {"b": 2, "c": 2}
    # A rollback, recorded as of the date of what it takes back.
    promote(workspace, 1, "2013-06-08", number=3)
    assert find_in_force(workspace) == {"a": 1, "b": 1}
