"""How to go back to a version that was champion, or passed once."""

from __future__ import annotations

import pytest

from {{ cookiecutter.__package }}.promotion import change
from {{ cookiecutter.__package }}.promotion.approval import ApprovalError
from {{ cookiecutter.__package }}.promotion.change import PromotionError
from {{ cookiecutter.__package }}.registry.champion import CHAMPION, PREVIOUS
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.validation.task import validate

from ..toy_registry import NAME, Registry, cut


def test_going_back_returns_to_the_former_champion_and_bars_the_other(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-29")
    registry.roll_back(day="2013-07-29")
    assert registry.aliases == {CHAMPION: 1}
    assert registry.state(2) == "rejected"
    with pytest.raises(PromotionError, match=r"version 2 was rolled back from: complaints \(ann\)"):
        registry.promote(2, "2013-07-29")
    settings = registry.settings(ValidationSettings, 2, "2013-07-29")
    assert validate(registry.workspace, settings) is False
    assert registry.values["accepted"] == "false"


def test_going_back_twice_goes_back_two_champions_and_no_further(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"), (3, "2013-07-15"))
    registry.roll_back()
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    registry.roll_back()
    assert registry.aliases == {CHAMPION: 1}
    with pytest.raises(PromotionError, match="before version 1 no champion is left"):
        registry.roll_back()


def test_a_named_version_that_once_passed_may_be_returned_to(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-29"))
    registry.roll_back()
    registry.roll_back(2)
    assert registry.aliases[CHAMPION] == 2
    with pytest.raises(PromotionError, match="version 2 is the champion already"):
        registry.roll_back(2, reason="something else")


def test_a_rollback_that_was_done_may_be_repeated(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"))
    with pytest.raises(PromotionError, match="version 1 is the champion already"):
        registry.roll_back(1)
    registry.promote(2, "2013-07-29")
    for _ in range(2):
        registry.roll_back(1)
        assert registry.aliases == {CHAMPION: 1}
        assert registry.count("promotions") == 3


@pytest.mark.parametrize("state", ["pending", "validating", "awaiting_approval"])
def test_a_version_that_nobody_has_approved_yet_is_not_returned_to(
    registry: Registry, state: str
) -> None:
    registry.crown((1, "2013-07-01"))
    registry.tag(2, "state", state)
    with pytest.raises(PromotionError, match="version 2 has no approval"):
        registry.roll_back(2)
    assert registry.aliases == {CHAMPION: 1}


def test_a_repaired_run_goes_back_once(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"), (3, "2013-07-15"))
    for request, aliases in (("7", {CHAMPION: 2, PREVIOUS: 1}), ("8", {CHAMPION: 1})):
        for _ in range(2):
            registry.roll_back(request=request)
            assert registry.aliases == aliases


def test_without_a_champion_there_is_nothing_to_return_from(registry: Registry) -> None:
    with pytest.raises(PromotionError, match="has no champion"):
        registry.roll_back()


def test_a_version_that_is_gone_cannot_be_returned_to(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-29"))
    registry.workspace.mlflow.delete_model_version(NAME, "1")
    with pytest.raises(PromotionError, match="before version 2 no champion is left"):
        registry.roll_back()
    with pytest.raises(PromotionError, match="version 1 does not load and score"):
        registry.roll_back(1)
    assert registry.aliases[CHAMPION] == 2


def test_a_version_without_approval_is_not_rolled_back_to(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"))
    with pytest.raises(ApprovalError):
        registry.approve(2)
    with pytest.raises(PromotionError, match="version 2 has no approval"):
        registry.roll_back(2)


def test_files_that_changed_since_training_are_not_rolled_back_to(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"))
    registry.tag(1, "artifact_digest", "of other files")
    with pytest.raises(PromotionError, match="are not those that training registered"):
        registry.roll_back()
    assert registry.aliases[CHAMPION] == 2


def test_from_a_deleted_champion_one_can_return(registry: Registry) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"))
    registry.workspace.mlflow.delete_model_version(NAME, "2")
    registry.roll_back()
    assert registry.aliases == {CHAMPION: 1}


@pytest.mark.parametrize("step", ["_settle", "move", "find_previous"])
def test_a_rollback_cut_short_is_finished_by_its_repetition(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    registry.crown((1, "2013-07-01"), (2, "2013-07-08"), (3, "2013-07-15"))
    monkeypatch.setattr(change, step, cut)
    with pytest.raises(KeyboardInterrupt):
        registry.roll_back(2)
    monkeypatch.undo()
    assert registry.aliases[CHAMPION] == 3
    with pytest.raises(PromotionError, match="had been cut short: version 2 is champion now"):
        registry.roll_back(1)
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 4
