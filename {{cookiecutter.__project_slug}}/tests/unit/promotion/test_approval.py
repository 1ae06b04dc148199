"""Who may let an accepted version pass, and on what evidence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.promotion import evidence
from {{ cookiecutter.__package }}.promotion.approval import ApprovalError
from {{ cookiecutter.__package }}.promotion.change import PromotionError
from {{ cookiecutter.__package }}.promotion.task import approve, promote
from {{ cookiecutter.__package }}.registry.artifact import FEATURE_SPEC
from {{ cookiecutter.__package }}.registry.loading import download_version
from {{ cookiecutter.__package }}.settings import ValidationSettings

from ..toy_registry import NAME, Registry


def test_a_version_waits_until_a_person_approves(registry: Registry) -> None:
    with pytest.raises(ApprovalError, match="make approve VERSION=1"):
        registry.approve(1)
    assert registry.state(1) == "awaiting_approval"
    (asked,) = registry.workspace.spark.table("dev.models.transitions").collect()
    registry.answer(1, "Approved")
    registry.approve(1)
    # Who approved is on record, also where nobody needed to.
    registry.promote(1, "2013-07-01", approval="automatic")
    promoted = registry.workspace.spark.table("dev.models.promotions").collect()[0]
    assert promoted.by == "ann"
    transitions = registry.workspace.spark.table("dev.models.transitions")
    (answer,) = transitions.where("reason = 'approved by ann'").collect()
    assert (answer.by, answer.evidence) == ("ann", asked.evidence)


def test_an_approval_does_not_survive_changed_evidence(registry: Registry) -> None:
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, "Approved")
    registry.judge(1, None, value=0.71)
    with pytest.raises(ApprovalError, match="the evidence changed since it was approved"):
        registry.approve(1)
    with pytest.raises(ApprovalError, match="a person must approve"):
        registry.approve(1)
    # Who answered before is not taken for who answers next.
    registry.tag(1, "approval", "Approved")
    registry.promote(1, "2013-07-01", approval="required")
    promoted = registry.workspace.spark.table("dev.models.promotions").collect()[0]
    assert promoted.by == "a person in Unity Catalog"


@pytest.mark.parametrize("name", ["model_card.html", "model_card.md", "baseline.json"])
@pytest.mark.parametrize("later", ["in fairer colours", None])
def test_an_approval_does_not_survive_a_change_of_what_was_shown(
    registry: Registry, name: str, later: str | None
) -> None:
    registry.show(1, name, "as it was")
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, "Approved")
    registry.approve(1)
    registry.show(1, name, later)
    with pytest.raises(ApprovalError, match="the evidence changed since it was approved"):
        registry.promote(1, "2013-07-01", approval="required")
    assert registry.aliases == {}
    assert registry.state(1) == "awaiting_approval"


def test_an_approval_does_not_survive_other_files(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, "Approved")
    files = shutil.copytree(download_version(NAME, 1), tmp_path / "files")
    (files / FEATURE_SPEC).write_text("input_columns: [others]")
    monkeypatch.setattr(evidence, "download_version", lambda *_: files)
    with pytest.raises(ApprovalError, match="the evidence changed since it was approved"):
        registry.approve(1)


@pytest.mark.parametrize("answer", ["approved", "APPROVED", " Approved "])
def test_an_approval_counts_however_it_is_written(registry: Registry, answer: str) -> None:
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, answer)
    registry.approve(1)


@pytest.mark.parametrize("answer", ["rejected", "REJECTED"])
def test_a_refusal_counts_however_it_is_written(registry: Registry, answer: str) -> None:
    registry.crown((2, "2013-07-01"))
    registry.answer(1, answer)
    with pytest.raises(ApprovalError, match="version 1 was refused by ann"):
        registry.approve(1)
    with pytest.raises(PromotionError, match="version 1 has no approval"):
        registry.roll_back(1)


def test_an_answer_that_is_none_is_named_and_leaves_no_tag(registry: Registry) -> None:
    registry.answer(1, "Perhaps")
    with pytest.raises(ApprovalError, match="'perhaps' is neither Approved nor Rejected"):
        registry.approve(1)
    tags = registry.workspace.mlflow.get_model_version(NAME, "1").tags
    assert {"approval", "approval_by"} & set(tags) == set()
    assert all(tags.values())


def test_an_approval_in_advance_is_an_approval_of_nothing(registry: Registry) -> None:
    registry.answer(1, "Approved")
    with pytest.raises(ApprovalError):
        registry.approve(1)


def test_a_refusal_is_kept_with_who_refused(registry: Registry) -> None:
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, "Rejected")
    with pytest.raises(ApprovalError, match="version 1 was refused by ann"):
        registry.approve(1)
    assert registry.state(1) == "rejected"


def test_without_the_rule_nobody_is_asked(registry: Registry) -> None:
    approve(registry.workspace, registry.settings(ValidationSettings, 1, "2013-07-01"))


def test_the_champion_is_not_asked_for_again(registry: Registry) -> None:
    registry.promote(1, "2013-07-01", approval="automatic")
    registry.approve(1)
    assert registry.state(1) == "champion"


def test_the_task_that_promotes_asks_for_the_approval_too(registry: Registry) -> None:
    with pytest.raises(ApprovalError, match="a person must approve"):
        registry.promote(1, "2013-07-01", approval="required")
    assert registry.aliases == {}


def test_a_refusal_counts_also_where_nobody_would_be_asked(registry: Registry) -> None:
    registry.answer(1, "Rejected")
    for act in (approve, promote):
        with pytest.raises(ApprovalError, match="version 1 was refused by ann"):
            act(registry.workspace, registry.settings(ValidationSettings, 1, "2013-07-01"))
