"""A real registry with versions of a real model, and what people and jobs do with them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.platform import delta
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.promotion.task import approve, promote, roll_back
from {{ cookiecutter.__package }}.registry.artifact import FEATURE_SPEC, NATIVE_MODEL
from {{ cookiecutter.__package }}.registry.champion import CHAMPION, PREVIOUS
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import RollbackSettings, Settings, ValidationSettings
from {{ cookiecutter.__package }}.training.fitting import list_requirements
from {{ cookiecutter.__package }}.validation.tables import VALIDATION_RESULTS

from .test_settings import VALIDATION, replace
from .toys import fit_toy, make_rows

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
        added = VALIDATION if kind is ValidationSettings else []
        arguments = [*replace("as_of", day), *added, f"--model_version={version or ''}"]
        return kind.from_arguments([*arguments, *(f"--{k}={v}" for k, v in more.items())])

    def judge(
        self,
        version: int,
        beside: int | None,
        verdict: str = "passed",
        value: float = 0.7,
        run: str | None = None,
    ) -> None:
        self.judged_again = True
        record(self.workspace.spark, [(version, beside, verdict, value)], run)

    def promote(self, version: int, day: str, **more: str) -> None:
        promote(self.workspace, self.settings(ValidationSettings, version, day, **more))

    def crown(self, *champions: tuple[int, str]) -> None:
        """Leaves, at once, what promoting each version for its day would, but for transitions."""
        versions = [version for version, _ in champions]
        pairs = zip(champions, [None, *versions[:-1]], strict=True)
        why = {"kind": "promotion", "by": "gate", "reason": "accepted"}
        rows = [
            {
                **why,
                "number": number,
                "model_version": version,
                "as_of": dt.date.fromisoformat(day),
                "former_version": former,
                "changed_at": dt.datetime.now(dt.UTC),
            }
            for number, ((version, day), former) in enumerate(pairs, start=1)
        ]
        frame = delta.make_frame(self.workspace.spark, rows, PROMOTIONS.struct)
        delta.append_new_rows("dev.models.promotions", frame, PROMOTIONS.keys)
        for version in versions:
            self.tag(version, "state", "champion" if version == versions[-1] else "superseded")
        for alias, version in zip((CHAMPION, PREVIOUS), reversed(versions), strict=False):
            self.workspace.mlflow.set_registered_model_alias(NAME, alias, str(version))

    def approve(self, version: int, day: str = "2013-07-01") -> None:
        settings = self.settings(ValidationSettings, version, day, approval="required")
        approve(self.workspace, settings)

    def roll_back(
        self,
        version: int = 0,
        day: str = "2013-07-01",
        reason: str = "complaints",
        request: str | None = None,
    ) -> None:
        more = {"reason": reason, "by": "ann", "request": request or str(uuid.uuid4())}
        roll_back(self.workspace, self.settings(RollbackSettings, version, day, **more))

    def answer(self, version: int, answer: str) -> None:
        self.tag(version, "approval", answer)
        self.tag(version, "approval_by", "ann")

    @property
    def aliases(self) -> dict[str, int]:
        return {
            k: int(v) for k, v in self.workspace.mlflow.get_registered_model(NAME).aliases.items()
        }

    def show(self, version: int, name: str, text: str | None) -> None:
        """Lets an artifact of the version's run hold a text, or be gone."""
        client = self.workspace.mlflow
        run = client.get_run(str(client.get_model_version(NAME, str(version)).run_id)).info
        if text is not None:
            client.log_text(run.run_id, text, name)
        else:
            get_artifact_repository(str(run.artifact_uri)).delete_artifacts(name)

    def tag(self, version: int, key: str, value: str) -> None:
        self.workspace.mlflow.set_model_version_tag(NAME, str(version), key, value)

    def state(self, version: int) -> str:
        return self.workspace.mlflow.get_model_version(NAME, str(version)).tags["state"]

    def describe(self) -> tuple[object, ...]:
        """Who is and was champion, by every record of it."""
        promotions = self.workspace.spark.table("dev.models.promotions").orderBy("number")
        facts = promotions.select("number", "model_version", "as_of", "former_version", "kind")
        return facts.collect(), self.aliases, [self.state(version) for version in (1, 2)]

    def count(self, table: str) -> int:
        return self.workspace.spark.table(f"dev.models.{table}").count()


def use_registry(tracking: str, registry: str) -> None:
    mlflow.set_tracking_uri(tracking)
    mlflow.set_registry_uri(registry)


def make_experiment(client: MlflowClient, folder: Path) -> str:
    """An experiment whose artifacts lie in a folder."""
    known = client.get_experiment_by_name("toys")
    made = known.experiment_id if known else client.create_experiment("toys", folder.as_uri())
    return str(made)


def record(spark: SparkSession, verdicts: list[Judged], run: str | None = None) -> None:
    now = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
    rows = [
        {
            "model_version": version,
            "check": "decision",
            "slice": "",
            "as_of": now.date(),
            "metric": "",
            "value": value,
            "verdict": verdict,
            "reason": "so it is",
            "champion_version": beside,
            "run_id": run,
            "window_start": now,
            "window_end": now,
            "judged_at": now,
            "seconds": 0.1,
        }
        for version, beside, verdict, value in verdicts
    ]
    frame = delta.make_frame(spark, rows, VALIDATION_RESULTS.struct)
    delta.upsert_rows("dev.models.validation_results", frame, VALIDATION_RESULTS.keys)


def save_model(folder: Path) -> Path:
    native = folder / NATIVE_MODEL
    mlflow.sklearn.save_model(fit_toy(make_rows(300)), native, pip_requirements=list_requirements())
    (folder / FEATURE_SPEC).write_text(yaml.safe_dump({"input_columns": []}))
    return folder


def cut(*_: Any, **__: Any) -> None:
    """Stands for a kill at this place."""
    raise KeyboardInterrupt
