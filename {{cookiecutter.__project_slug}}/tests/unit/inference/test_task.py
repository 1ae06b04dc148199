"""The champion of the date scores what lies ahead, and what nobody has predicted in time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inference.task import (
    NoChampionError,
    count_due,
    find_due,
    predict,
)
from {{ cookiecutter.__package }}.inference.views import PREDICTIONS_IN_FORCE
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.champion import (
    find_champion,
    list_barred,
    read_promotions,
)
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings

from ..test_settings import replace
from ..toy_predictions import (
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
    with open_tables(lakehouse, EXAMPLES, PROMOTIONS, PREDICTIONS) as workspace:
        yield workspace


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


def list_due(workspace: Workspace, version: int = 2) -> dict[str, int | None]:
    with inject(TOY):
        rows = find_due(workspace, SETTINGS, version).collect()
    assert len({row[KEY[0]] for row in rows}) == len(rows)
    return {row[KEY[0]]: row.days_ahead for row in rows}


def test_due_is_what_lies_ahead_and_what_nobody_has_predicted(workspace: Workspace) -> None:
    hours = {"today": 3, "tomorrow": 26, "later": 51, "over": -1, "begun": 1, "old": -28 * 24 - 1}
    write(workspace, EXAMPLES, *(example(name, hour) for name, hour in hours.items()))
    # Nobody knew of it in time.
    write(workspace, EXAMPLES, example("unknown", 3, known=0))
    assert list_due(workspace) == {"today": 0, "tomorrow": 1, "over": None}
    with inject(TOY):
        assert count_due(find_due(workspace, SETTINGS, 2)) == (2, 1)


def test_what_was_predicted_in_time_is_not_predicted_again_afterwards(
    workspace: Workspace,
) -> None:
    others = ("by another", "by a barred one")
    names = (*others, "afterwards", "by itself", "by a later run", "not scored")
    write(workspace, EXAMPLES, *(example(name, -5) for name in names))
    write(workspace, EXAMPLES, example("today", 3))
    promote(workspace, 1, "2013-05-01")
    promote(workspace, 3, "2013-05-02", number=2)
    promote(workspace, 1, "2013-05-03", number=3, kind="rollback", former=3)
    write(
        workspace,
        PREDICTIONS,
        prediction("by another", -5, 1, -1, 0),
        prediction("by a barred one", -5, 3, -1, 0),
        prediction("afterwards", -5, 1, -2, None),
        prediction("by itself", -5, 2, -2, None),
        prediction("by a later run", -5, 2, 1, None),
        prediction("today", 3, 2, -1, 1),
        # A row without a score does not count as a prediction.
        {**prediction("not scored", -5, 1, -1, 0), "score": None, "unscored": "x: null"},
    )
    left = dict.fromkeys(("by a barred one", "afterwards", "by a later run", "not scored"))
    assert list_due(workspace) == {**left, "today": 0}


def test_a_run_that_is_repeated_owes_nothing_but_what_has_come_since(workspace: Workspace) -> None:
    write(workspace, EXAMPLES, example("today", 3), example("over", -5), example("late", 4))
    write(
        workspace,
        PREDICTIONS,
        prediction("today", 3, 2, 0, 0),
        prediction("over", -5, 2, 0, None),
    )
    assert list_due(workspace) == {"late": 0}
    assert list_due(workspace, version=4) == {"today": 0, "over": None, "late": 0}


def test_without_a_horizon_a_run_looks_back_only(workspace: Workspace) -> None:
    write(workspace, EXAMPLES, example("today", 3), example("over", -5))
    with inject(dataclasses.replace(TOY, horizon_days=0)):
        rows = find_due(workspace, SETTINGS, 2).collect()
    assert [row[KEY[0]] for row in rows] == ["over"]


def find_in_force(workspace: Workspace) -> dict[str, tuple[int, dt.date]]:
    rows = workspace.spark.sql(PREDICTIONS_IN_FORCE.query(SETTINGS))
    assert rows.columns == list(PREDICTIONS_IN_FORCE.columns)
    found = rows.collect()
    assert len({row[KEY[0]] for row in found}) == len(found)
    return {row[KEY[0]]: (row.model_version, (row.as_of - SETTINGS.as_of).days) for row in found}


def test_in_force_is_the_last_prediction_in_time_of_a_version_that_was_not_rolled_back(
    workspace: Workspace,
) -> None:
    write(
        workspace,
        PREDICTIONS,
        prediction("renewed", 30, 1, 0, 1),
        prediction("renewed", 30, 1, 1, 0),
        prediction("renewed", 30, 2, 1, 0),
        prediction("in time", 3, 1, 0, 0),
        prediction("in time", 3, 2, 2, None),
        prediction("afterwards", -3, 1, 0, None),
        prediction("afterwards", -3, 2, 1, None),
        prediction("by one alone", 9, 2, 0, 0),
        {**prediction("by one alone", 9, 2, 1, 0), "score": None, "unscored": "x: null"},
    )
    kept = {"in time": (1, 0), "by one alone": (2, 0)}
    promote(workspace, 1, "2013-06-01")
    promote(workspace, 2, "2013-06-08")
    assert find_in_force(workspace) == {**kept, "renewed": (2, 1), "afterwards": (2, 1)}
    # A rollback, recorded as of the date of what it takes back.
    promote(workspace, 1, "2013-06-08", number=3, kind="rollback", former=2)
    promotions = read_promotions(workspace.spark, SETTINGS)
    assert list_barred(promotions) == [2]
    assert find_in_force(workspace) == {
        "renewed": (1, 1),
        "in time": (1, 0),
        "afterwards": (1, 0),
    }
    # Of rows that share a number, the earliest counts alone.
    promote(workspace, 2, "2013-06-09", number=3, at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    assert list_barred(read_promotions(workspace.spark, SETTINGS)) == [2]
    assert find_in_force(workspace)["renewed"] == (1, 1)
    promote(workspace, 2, "2013-06-10", number=4)
    assert list_barred(read_promotions(workspace.spark, SETTINGS)) == []
    assert find_in_force(workspace) == {**kept, "renewed": (2, 1), "afterwards": (2, 1)}
