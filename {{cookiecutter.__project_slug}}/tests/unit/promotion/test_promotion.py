"""Who becomes champion, and what a promotion that was cut short leaves."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest

from {{ cookiecutter.__package }}.platform import delta
from {{ cookiecutter.__package }}.promotion import change, task
from {{ cookiecutter.__package }}.promotion.change import PromotionError
from {{ cookiecutter.__package }}.promotion.task import finish_change
from {{ cookiecutter.__package }}.registry.champion import (
    CHAMPION,
    PREVIOUS,
    find_champion,
    read_promotions,
)
from {{ cookiecutter.__package }}.registry.loading import AlteredFilesError
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings, ValidationSettings

from ..test_settings import replace
from ..toy_registry import NAME, Registry, cut


def test_the_former_champion_is_kept_at_hand(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    assert registry.aliases == {CHAMPION: 1}
    registry.promote(2, "2013-07-29")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert (registry.state(1), registry.state(2)) == ("superseded", "champion")


def test_crowning_leaves_what_promoting_leaves(registry: Registry) -> None:
    champions = ((1, "2013-07-01"), (2, "2013-07-29"))
    registry.crown(*champions)
    at_once = registry.describe()
    registry.workspace.spark.sql("DELETE FROM dev.models.promotions")
    for alias in registry.aliases:
        registry.workspace.mlflow.delete_registered_model_alias(NAME, alias)
    for version, day in champions:
        registry.tag(version, "state", "pending")
        registry.promote(version, day)
    assert registry.describe() == at_once


def test_repeating_a_promotion_changes_nothing(registry: Registry) -> None:
    for _ in range(2):
        registry.promote(1, "2013-07-01")
        registry.promote(2, "2013-07-29")
    registry.promote(1, "2013-07-01")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 2
    assert registry.count("transitions") == 3


def test_a_blocked_version_is_not_promoted_nor_rolled_back_to(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"))
    registry.judge(2, 1, verdict="failed")
    with pytest.raises(PromotionError, match="version 2 was not accepted"):
        registry.promote(2, "2013-07-29")
    with pytest.raises(PromotionError, match="version 2 never passed the gate"):
        registry.roll_back(2)
    assert registry.aliases == {CHAMPION: 1}


@pytest.mark.parametrize(
    ("module", "step"), [(task, "finish"), (change, "move"), (change, "find_previous")]
)
def test_a_promotion_cut_short_leaves_one_champion_and_is_finished_by_the_next(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    registry.crown((1, "2013-07-01"))
    monkeypatch.setattr(module, step, cut)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(2, "2013-07-29")
    assert registry.aliases[CHAMPION] == 1
    monkeypatch.undo()
    registry.promote(2, "2013-07-29")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 2


def test_a_second_version_of_a_day_is_compared_with_the_first(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-01")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.state(1) == "superseded"


def test_a_version_judged_beside_another_champion_is_not_promoted(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"))
    registry.judge(3, 1)
    with pytest.raises(PromotionError, match="judged beside 1, and version 2 is champion now"):
        registry.promote(3, "2013-07-15")
    assert registry.state(3) == "superseded"
    assert registry.aliases[CHAMPION] == 2


def test_files_that_were_altered_after_judgement_are_not_promoted(registry: Registry) -> None:
    registry.tag(1, "artifact_digest", "what it was")
    with pytest.raises(AlteredFilesError, match="are not those that training registered"):
        registry.promote(1, "2013-07-01")


def test_promoting_for_an_older_day_moves_no_alias_and_loses_nothing(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-29"))
    registry.judge(3, 1)
    registry.promote(3, "2013-07-08")
    assert registry.aliases[CHAMPION] == 2
    assert registry.state(3) == "superseded"
    settings = registry.settings(ValidationSettings, 0, "2013-07-10")
    assert find_champion(registry.workspace.spark, settings) == 3
    registry.roll_back(day="2013-07-29")
    assert registry.aliases == {CHAMPION: 3, PREVIOUS: 1}
    assert registry.count("promotions") == 4


@pytest.mark.parametrize("gone", [1, 2])
def test_a_deleted_version_does_not_stand_in_the_way(registry: Registry, gone: int) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"))
    registry.workspace.mlflow.delete_model_version(NAME, str(gone))
    registry.judge(3, 3 - gone)
    registry.promote(3, "2013-07-15")
    assert registry.aliases == {CHAMPION: 3, PREVIOUS: 3 - gone}


def test_of_two_changes_at_once_one_is_told_that_it_lost(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, seen = delta.append_new_rows, []

    def come_first(table: str, rows: Any, keys: Any) -> None:
        if table.endswith("promotions") and not seen:
            seen.append(table)
            registry.promote(2, "2013-07-01")
        append(table, rows, keys)

    registry.judge(2, None)
    monkeypatch.setattr(delta, "append_new_rows", come_first)
    with pytest.raises(PromotionError, match="promotion of version 2 came first"):
        registry.promote(1, "2013-07-01")
    assert registry.aliases == {CHAMPION: 2}


def test_two_promotions_that_begin_at_once_leave_one(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, both = delta.append_new_rows, Barrier(2, timeout=120)

    def begin_together(table: str, rows: Any, keys: Any) -> None:
        if table.endswith("promotions"):
            both.wait()
        append(table, rows, keys)

    registry.judge(2, None)
    monkeypatch.setattr(delta, "append_new_rows", begin_together)
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(registry.promote, version, "2013-07-01") for version in (1, 2)]
        errors = [str(each.exception()) for each in done if each.exception()]
    day = Settings.from_arguments(replace("as_of", "2013-07-01"))
    (row,) = read_promotions(registry.workspace.spark, day)
    assert registry.count("promotions") == 1
    assert registry.aliases == {CHAMPION: row.model_version}
    lost = 3 - row.model_version
    came_first = f"promotion of version {row.model_version} came first; repeat it"
    assert errors == [f"promotion of version {lost}: {came_first}"]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_rows_with_one_number_all_readers_take_the_earlier_one(
    registry: Registry, order: tuple[int, int]
) -> None:
    registry.crown((3, "2013-06-01"))
    registry.judge(1, 3)
    registry.promote(1, "2013-07-01")
    spark, at_noon = registry.workspace.spark, dt.datetime(2013, 7, 1, 12, tzinfo=dt.UTC)
    (row,) = spark.table("dev.models.promotions").where("number = 2").collect()
    spark.sql("DELETE FROM dev.models.promotions WHERE number = 2")
    for minutes, version in enumerate(order):
        changed = {"model_version": version, "changed_at": at_noon + dt.timedelta(minutes=minutes)}
        other = delta.make_frame(spark, [{**row.asDict(), **changed}], PROMOTIONS.struct)
        other.writeTo("dev.models.promotions").append()
    settings = registry.settings(ValidationSettings, 0, "2013-07-01")
    assert find_champion(spark, settings) == order[0]
    finish_change(registry.workspace, settings)
    assert registry.aliases == {CHAMPION: order[0], PREVIOUS: 3}
    assert registry.state(order[0]) == "champion"
    # The champion until now had been made so by the row that does not count.
    assert order[0] == 1 or registry.state(1) == "superseded"
