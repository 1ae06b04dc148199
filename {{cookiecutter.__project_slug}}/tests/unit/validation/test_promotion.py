"""Who is champion, who waits for a person, and how to go back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }} import delta
from {{ cookiecutter.__package }}.champion import CHAMPION, PREVIOUS
from {{ cookiecutter.__package }}.problem import LABEL
from {{ cookiecutter.__package }}.scoring import FEATURE_SPEC, NATIVE_MODEL
from {{ cookiecutter.__package }}.settings import RollbackSettings, Settings, ValidationSettings
from {{ cookiecutter.__package }}.setup.tables import create_table
from {{ cookiecutter.__package }}.tables import PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS
from {{ cookiecutter.__package }}.training.model import build_pipeline, select_inputs
from {{ cookiecutter.__package }}.validation import promotion
from {{ cookiecutter.__package }}.validation.approval import ApprovalError, approve
from {{ cookiecutter.__package }}.validation.promotion import PromotionError, promote, roll_back
from {{ cookiecutter.__package }}.validation.task import validate
from {{ cookiecutter.__package }}.workspace import Workspace

from ..test_settings import ARGUMENTS, replace
from ..training.test_model import PARAMETERS, make_rows

NAME = "dev.models.model"


@dataclass
class Registry:
    """Three versions of a real model in a real registry, judged already."""

    workspace: Workspace
    values: dict[str, object] = field(default_factory=dict)

    def settings(self, kind: type[Settings], version: int, day: str, **more: str) -> Any:
        arguments = [*replace("as_of", day), f"--model_version={version or ''}"]
        return kind.from_arguments([*arguments, *(f"--{k}={v}" for k, v in more.items())])

    def judge(self, *versions: int, verdict: str = "passed", value: float = 0.7) -> None:
        now = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
        day = dt.date(2013, 7, 1)
        numbers = (day, "", value, None, None, None, verdict, "so it is", None, "run")
        rows = [(v, "decision", "", *numbers, now, now, now, 0.1) for v in versions]
        frame = self.workspace.spark.createDataFrame(rows, VALIDATION_RESULTS.struct)
        delta.upsert_rows("dev.models.validation_results", frame, VALIDATION_RESULTS.keys)

    def promote(self, version: int, day: str) -> None:
        promote(self.workspace, self.settings(ValidationSettings, version, day))

    def approve(self, version: int, day: str = "2013-07-01") -> None:
        settings = self.settings(ValidationSettings, version, day, approval="required")
        approve(self.workspace, settings)

    def roll_back(self, version: int = 0, day: str = "2013-07-01") -> None:
        more = {"reason": "complaints", "by": "ann"}
        roll_back(self.workspace, self.settings(RollbackSettings, version, day, **more))

    def answer(self, version: int, answer: str) -> None:
        self.workspace.mlflow.set_model_version_tag(NAME, str(version), "approval", answer)
        self.workspace.mlflow.set_model_version_tag(NAME, str(version), "approval_by", "ann")

    @property
    def aliases(self) -> dict[str, int]:
        return {
            k: int(v) for k, v in self.workspace.mlflow.get_registered_model(NAME).aliases.items()
        }

    def state(self, version: int) -> str:
        return self.workspace.mlflow.get_model_version(NAME, str(version)).tags["state"]

    def count(self, table: str) -> int:
        return self.workspace.spark.table(f"dev.models.{table}").count()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model's files, and an empty registry for its versions."""
    folder = tmp_path_factory.mktemp("registry")
    former = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    use_registry(*[f"sqlite:///{folder}/mlflow.db"] * 2)
    yield save_model(folder / "files")
    use_registry(*former)


def use_registry(tracking: str, registry: str) -> None:
    mlflow.set_tracking_uri(tracking)
    mlflow.set_registry_uri(registry)


@pytest.fixture
def registry(lakehouse: SparkSession, files: Path) -> Iterator[Registry]:
    for table in (PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS):
        create_table(lakehouse, table, Settings.from_arguments(ARGUMENTS))
    client = MlflowClient()
    client.create_registered_model(NAME)
    for _ in range(3):
        client.create_model_version(NAME, files.as_uri())
    values: dict[str, object] = {}
    parts: dict[str, Any] = {"features": None, "governance": None, "secrets": None}
    keeper = type("Values", (), {"set": lambda self, key, value: values.update({key: value})})()
    workspace = Workspace(spark=lakehouse, mlflow=client, task_values=keeper, **parts)
    made = Registry(workspace, values)
    made.judge(1, 2, 3)
    yield made
    client.delete_registered_model(NAME)
    for table in (PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS):
        lakehouse.sql(f"DELETE FROM dev.models.{table.name}")


def save_model(folder: Path) -> Path:
    rows = make_rows(300)
    pipeline = build_pipeline(PARAMETERS).fit(select_inputs(rows), rows[LABEL])
    mlflow.sklearn.save_model(pipeline, folder / NATIVE_MODEL)
    (folder / FEATURE_SPEC).write_text(yaml.safe_dump({"input_columns": []}))
    return folder


def test_the_former_champion_is_kept_at_hand(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    assert registry.aliases == {CHAMPION: 1}
    registry.promote(2, "2013-07-29")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert (registry.state(1), registry.state(2)) == ("superseded", "champion")


def test_repeating_a_promotion_changes_nothing(registry: Registry) -> None:
    for _ in range(2):
        registry.promote(1, "2013-07-01")
        registry.promote(2, "2013-07-29")
    registry.promote(1, "2013-07-01")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 2
    assert registry.count("transitions") == 3


def test_a_blocked_version_is_not_promoted_nor_rolled_back_to(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.judge(2, verdict="failed")
    with pytest.raises(PromotionError, match="version 2 was not accepted"):
        registry.promote(2, "2013-07-29")
    with pytest.raises(PromotionError, match="version 2 never passed the gate"):
        registry.roll_back(2)
    assert registry.aliases == {CHAMPION: 1}


@pytest.mark.parametrize("step", ["finish", "move", "find_previous"])
def test_a_promotion_cut_short_leaves_one_champion_and_is_finished_by_the_next(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    registry.promote(1, "2013-07-01")
    monkeypatch.setattr(promotion, step, cut)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(2, "2013-07-29")
    assert registry.aliases[CHAMPION] == 1
    monkeypatch.undo()
    registry.promote(2, "2013-07-29")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 2


def cut(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_going_back_returns_to_the_former_champion_and_bars_the_other(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-29")
    registry.roll_back(day="2013-07-29")
    assert registry.aliases[CHAMPION] == 1
    assert registry.state(2) == "rejected"
    with pytest.raises(PromotionError, match=r"version 2 was rolled back from: complaints \(ann\)"):
        registry.promote(2, "2013-07-29")
    settings = registry.settings(ValidationSettings, 2, "2013-07-29")
    assert validate(registry.workspace, settings) is False
    assert registry.values["accepted"] == "false"


def test_going_back_twice_goes_back_two_champions_and_no_further(registry: Registry) -> None:
    for version, day in ((1, "2013-07-01"), (2, "2013-07-08"), (3, "2013-07-15")):
        registry.promote(version, day)
    registry.roll_back()
    registry.roll_back()
    assert registry.aliases[CHAMPION] == 1
    with pytest.raises(PromotionError, match="version 1 is the first champion"):
        registry.roll_back()


def test_a_named_version_that_once_passed_may_be_returned_to(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-29")
    registry.roll_back()
    registry.roll_back(2)
    assert registry.aliases[CHAMPION] == 2
    with pytest.raises(PromotionError, match="version 2 is the champion already"):
        registry.roll_back(2)


def test_without_a_champion_there_is_nothing_to_return_from(registry: Registry) -> None:
    with pytest.raises(PromotionError, match="has no champion"):
        registry.roll_back()


def test_a_version_that_is_gone_cannot_be_returned_to(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-29")
    registry.workspace.mlflow.delete_model_version(NAME, "1")
    with pytest.raises(PromotionError, match="version 1 does not load and score"):
        registry.roll_back()
    assert registry.aliases[CHAMPION] == 2


def test_a_version_waits_until_a_person_approves(registry: Registry) -> None:
    with pytest.raises(ApprovalError, match="make approve VERSION=1"):
        registry.approve(1)
    assert registry.state(1) == "awaiting_approval"
    registry.answer(1, "Approved")
    registry.approve(1)
    registry.promote(1, "2013-07-01")
    promoted = registry.workspace.spark.table("dev.models.promotions").collect()[0]
    assert promoted.by == "ann"


def test_an_approval_does_not_survive_changed_evidence(registry: Registry) -> None:
    with pytest.raises(ApprovalError):
        registry.approve(1)
    registry.answer(1, "Approved")
    registry.judge(1, value=0.71)
    with pytest.raises(ApprovalError, match="the evidence changed since it was approved"):
        registry.approve(1)
    with pytest.raises(ApprovalError, match="a person must approve"):
        registry.approve(1)


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
