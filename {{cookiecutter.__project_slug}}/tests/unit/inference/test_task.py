"""Without a champion nothing is scored; with one, the champion of the date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inference.task import NoChampionError, count_flights, predict
from {{ cookiecutter.__package }}.inference.views import PREDICTIONS_IN_FORCE
from {{ cookiecutter.__package }}.platform.delta import append_new_rows, make_frame
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.champion import find_champion, read_promotions
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.registry.training_sets import RepeatedKeyError
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table

from ..test_settings import ARGUMENTS, replace

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


def test_a_flight_that_is_there_twice_is_refused_by_name(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("a",), ("b",), ("b",)], "flight_id string")
    with pytest.raises(RepeatedKeyError, match=r"1 rows have a flight_id .*, such as b: delete"):
        count_flights(flights)
    assert count_flights(flights.distinct()) == 2
    assert count_flights(flights.limit(0)) == 0


def find_in_force(workspace: Workspace) -> dict[str, int]:
    rows = workspace.spark.sql(PREDICTIONS_IN_FORCE.query(SETTINGS))
    assert rows.columns == list(PREDICTIONS_IN_FORCE.columns)
    found = rows.collect()
    assert len({row.flight_id for row in found}) == len(found)
    return {row.flight_id: row.model_version for row in found}


def test_in_force_are_the_predictions_of_the_champion_that_promotions_names(
    workspace: Workspace,
) -> None:
    moment, day = dt.datetime(2013, 6, 1, tzinfo=dt.UTC), dt.date(2013, 6, 2)
    made = [("a", 1), ("b", 1), ("b", 2), ("c", 2)]
    rows = [(flight, version, moment, 0.5, day) for flight, version in made]
    frame = workspace.spark.createDataFrame(rows, PREDICTIONS.struct)
    append_new_rows(PREDICTIONS.full_name(SETTINGS), frame, PREDICTIONS.keys)
    assert find_in_force(workspace) == {}
    promote(workspace, 1, "2013-06-01")
    assert find_in_force(workspace) == {"a": 1, "b": 1}
    promote(workspace, 2, "2013-06-08")
    assert find_in_force(workspace) == {"b": 2, "c": 2}
    # A rollback, recorded as of the date of what it takes back.
    promote(workspace, 1, "2013-06-08", number=3)
    assert find_in_force(workspace) == {"a": 1, "b": 1}
