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
from {{ cookiecutter.__package }}.artifact import digest_files
from {{ cookiecutter.__package }}.champion import CHAMPION, PREVIOUS, find_champion
from {{ cookiecutter.__package }}.problem import LABEL
from {{ cookiecutter.__package }}.scoring import FEATURE_SPEC, NATIVE_MODEL
from {{ cookiecutter.__package }}.settings import RollbackSettings, Settings, ValidationSettings
from {{ cookiecutter.__package }}.setup.tables import create_table
from {{ cookiecutter.__package }}.tables import PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS
from {{ cookiecutter.__package }}.training.model import build_pipeline, select_inputs
from {{ cookiecutter.__package }}.validation import promotion, task
from {{ cookiecutter.__package }}.validation.approval import ApprovalError, approve
from {{ cookiecutter.__package }}.validation.promotion import PromotionError, promote, roll_back
from {{ cookiecutter.__package }}.validation.task import (
    UnfinishedVersionError,
    validate,
    wait_for_training,
)
from {{ cookiecutter.__package }}.versions import FINISHED, IDENTITY, choose_version
from {{ cookiecutter.__package }}.workspace import Workspace

from ..test_settings import ARGUMENTS, replace
from ..training.test_model import PARAMETERS, make_rows

NAME = "dev.models.model"
# Version, champion judged beside, verdict, value.
Judged = tuple[int, int | None, str, float]
VERDICTS: list[Judged] = [(1, None, "passed", 0.7), (2, 1, "passed", 0.7), (3, 2, "passed", 0.7)]


@dataclass
class Registry:
    """Three versions of a real model in a real registry, each judged beside the one before it."""

    workspace: Workspace
    values: dict[str, object] = field(default_factory=dict)
    judged_again: bool = False

    def settings(self, kind: type[Settings], version: int, day: str, **more: str) -> Any:
        arguments = [*replace("as_of", day), f"--model_version={version or ''}"]
        return kind.from_arguments([*arguments, *(f"--{k}={v}" for k, v in more.items())])

    def judge(
        self, version: int, beside: int | None, verdict: str = "passed", value: float = 0.7
    ) -> None:
        self.judged_again = True
        record(self.workspace.spark, [(version, beside, verdict, value)])

    def promote(self, version: int, day: str, **more: str) -> None:
        promote(self.workspace, self.settings(ValidationSettings, version, day, **more))

    def approve(self, version: int, day: str = "2013-07-01") -> None:
        settings = self.settings(ValidationSettings, version, day, approval="required")
        approve(self.workspace, settings)

    def roll_back(self, version: int = 0, day: str = "2013-07-01") -> None:
        more = {"reason": "complaints", "by": "ann"}
        roll_back(self.workspace, self.settings(RollbackSettings, version, day, **more))

    def answer(self, version: int, answer: str) -> None:
        self.tag(version, "approval", answer)
        self.tag(version, "approval_by", "ann")

    @property
    def aliases(self) -> dict[str, int]:
        return {
            k: int(v) for k, v in self.workspace.mlflow.get_registered_model(NAME).aliases.items()
        }

    def tag(self, version: int, key: str, value: str) -> None:
        self.workspace.mlflow.set_model_version_tag(NAME, str(version), key, value)

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


@pytest.fixture(scope="module")
def judged(lakehouse: SparkSession) -> SparkSession:
    """The tables, with a verdict on each version."""
    for table in (PROMOTIONS, TRANSITIONS, VALIDATION_RESULTS):
        create_table(lakehouse, table, Settings.from_arguments(ARGUMENTS))
    record(lakehouse, VERDICTS)
    return lakehouse


@pytest.fixture
def registry(judged: SparkSession, files: Path) -> Iterator[Registry]:
    client = MlflowClient()
    client.create_registered_model(NAME)
    for _ in range(3):
        made = client.create_model_version(NAME, files.as_uri())
        client.set_model_version_tag(
            NAME, made.version, "artifact_digest", digest_files(Path(files))
        )
    values: dict[str, object] = {}
    parts: dict[str, Any] = {"features": None, "governance": None, "secrets": None}
    keeper = type("Values", (), {"set": lambda self, key, value: values.update({key: value})})()
    registry = Registry(Workspace(spark=judged, mlflow=client, task_values=keeper, **parts), values)
    yield registry
    client.delete_registered_model(NAME)
    for table in (PROMOTIONS, TRANSITIONS):
        judged.sql(f"DELETE FROM dev.models.{table.name}")
    if registry.judged_again:
        record(judged, VERDICTS)


def record(spark: SparkSession, verdicts: list[Judged]) -> None:
    now = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
    rows = [
        (
            version,
            "decision",
            "",
            now.date(),
            "",
            value,
            None,
            None,
            None,
            verdict,
            "so it is",
            beside,
            "run",
            now,
            now,
            now,
            0.1,
        )
        for version, beside, verdict, value in verdicts
    ]
    frame = spark.createDataFrame(rows, VALIDATION_RESULTS.struct)
    delta.upsert_rows("dev.models.validation_results", frame, VALIDATION_RESULTS.keys)


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
    registry.judge(2, 1, verdict="failed")
    with pytest.raises(PromotionError, match="version 2 was not accepted"):
        registry.promote(2, "2013-07-29")
    with pytest.raises(PromotionError, match="version 2 never passed the gate"):
        registry.roll_back(2)
    assert registry.aliases == {CHAMPION: 1}


@pytest.mark.parametrize("step", ["finish", "find_previous"])
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
    assert registry.aliases == {CHAMPION: 1}
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
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    registry.roll_back()
    assert registry.aliases == {CHAMPION: 1}
    with pytest.raises(PromotionError, match="before version 1 no champion is left"):
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
    with pytest.raises(PromotionError, match="before version 2 no champion is left"):
        registry.roll_back()
    with pytest.raises(PromotionError, match="version 1 does not load and score"):
        registry.roll_back(1)
    assert registry.aliases[CHAMPION] == 2


def test_a_version_waits_until_a_person_approves(registry: Registry) -> None:
    with pytest.raises(ApprovalError, match="make approve VERSION=1"):
        registry.approve(1)
    assert registry.state(1) == "awaiting_approval"
    registry.answer(1, "Approved")
    registry.approve(1)
    # Who approved is on record, also where nobody needed to.
    registry.promote(1, "2013-07-01", approval="automatic")
    promoted = registry.workspace.spark.table("dev.models.promotions").collect()[0]
    assert promoted.by == "ann"


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


def test_the_task_that_promotes_asks_for_the_approval_too(registry: Registry) -> None:
    with pytest.raises(ApprovalError, match="a person must approve"):
        registry.promote(1, "2013-07-01", approval="required")
    assert registry.aliases == {}


def test_a_refusal_counts_also_where_nobody_would_be_asked(registry: Registry) -> None:
    registry.answer(1, "Rejected")
    for act in (approve, promote):
        with pytest.raises(ApprovalError, match="version 1 was refused by ann"):
            act(registry.workspace, registry.settings(ValidationSettings, 1, "2013-07-01"))


def test_a_version_without_approval_is_not_rolled_back_to(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    with pytest.raises(ApprovalError):
        registry.approve(2)
    with pytest.raises(PromotionError, match="version 2 has no approval"):
        registry.roll_back(2)


def test_a_second_version_of_a_day_is_compared_with_the_first(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-01")
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.state(1) == "superseded"


def test_a_version_judged_beside_another_champion_is_not_promoted(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-08")
    registry.judge(3, 1)
    with pytest.raises(PromotionError, match="judged beside 1, and version 2 is champion now"):
        registry.promote(3, "2013-07-15")
    assert registry.state(3) == "superseded"
    assert registry.aliases[CHAMPION] == 2


def test_files_that_were_altered_after_judgement_are_not_promoted(registry: Registry) -> None:
    registry.tag(1, "artifact_digest", "what it was")
    with pytest.raises(PromotionError, match="its files changed since training registered them"):
        registry.promote(1, "2013-07-01")


def test_promoting_for_an_older_day_moves_no_alias_and_loses_nothing(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-29")
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
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-08")
    registry.workspace.mlflow.delete_model_version(NAME, str(gone))
    registry.judge(3, 3 - gone)
    registry.promote(3, "2013-07-15")
    assert registry.aliases == {CHAMPION: 3, PREVIOUS: 3 - gone}


def test_from_a_deleted_champion_one_can_return(registry: Registry) -> None:
    registry.promote(1, "2013-07-01")
    registry.promote(2, "2013-07-08")
    registry.workspace.mlflow.delete_model_version(NAME, "2")
    registry.roll_back()
    assert registry.aliases == {CHAMPION: 1}


def test_a_rollback_cut_short_is_finished_by_its_repetition(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, day in ((1, "2013-07-01"), (2, "2013-07-08"), (3, "2013-07-15")):
        registry.promote(version, day)
    monkeypatch.setattr(promotion, "move", cut)
    with pytest.raises(KeyboardInterrupt):
        registry.roll_back(2)
    monkeypatch.undo()
    assert registry.aliases[CHAMPION] == 3
    with pytest.raises(PromotionError, match="had been cut short: version 2 is champion now"):
        registry.roll_back(1)
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
    assert registry.count("promotions") == 4


def test_a_promotion_cut_short_is_finished_before_anything_is_judged(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote(1, "2013-07-01")
    monkeypatch.setattr(promotion, "finish", cut)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(2, "2013-07-08")
    monkeypatch.undo()
    validate(registry.workspace, registry.settings(ValidationSettings, 3, "2013-07-15"))
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}


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


def test_a_version_is_judged_by_its_own_date(registry: Registry) -> None:
    registry.tag(2, "as_of", "2013-07-08")
    asked = registry.settings(ValidationSettings, 2, "2013-07-29")
    assert choose_version(registry.workspace.mlflow, asked).as_of == dt.date(2013, 7, 8)
    named = registry.settings(ValidationSettings, 0, "2013-07-08")
    assert choose_version(registry.workspace.mlflow, named).model_version == 2
    with pytest.raises(LookupError, match="was trained as of 2013-07-09"):
        none = registry.settings(ValidationSettings, 0, "2013-07-09")
        choose_version(registry.workspace.mlflow, none)


def test_a_version_whose_training_goes_on_is_waited_for_and_not_judged(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "PATIENCE", 0)
    client = registry.workspace.mlflow
    run = client.create_run("0", tags={IDENTITY: "x"})
    uri = client.get_model_version(NAME, "1").source
    made = client.create_model_version(NAME, uri, run_id=run.info.run_id)
    number = int(made.version)
    with pytest.raises(UnfinishedVersionError, match="repeat the job training, which goes on"):
        validate(registry.workspace, registry.settings(ValidationSettings, number, "2013-07-01"))
    assert registry.count("validation_results") == 3
    registry.tag(number, FINISHED, "true")
    wait_for_training(client, NAME, number)
