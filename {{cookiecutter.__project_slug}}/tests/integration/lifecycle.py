"""The integration test's job, played from the bundle's own graph in a folder of its own."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from bundlework.bundle.graph import State
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.laptop.catalogs import hash_rows
from bundlework.laptop.runner import Runner
from bundlework.laptop.runs import RunStore
from pyspark.sql import functions as F
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import make_pipeline

from {{ cookiecutter.__package }}.ingestion.task import make_context
from {{ cookiecutter.__package }}.platform.examples import (
    JUST_BEFORE,
    describe_examples,
)
from {{ cookiecutter.__package }}.platform.kinds import MultiClass, Regression
from {{ cookiecutter.__package }}.platform.problem import PREDICTION_TIME
from {{ cookiecutter.__package }}.platform.sources import Context
from {{ cookiecutter.__package }}.platform.vocabulary import Table
from {{ cookiecutter.__package }}.registry.artifact import NATIVE_MODEL, digest_files
from {{ cookiecutter.__package }}.registry.loading import download_version, load_model
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.registry.tags import DIGEST
from {{ cookiecutter.__package }}.registry.training_sets import make_training_set
from {{ cookiecutter.__package }}.settings import ValidationSettings, to_instant
from {{ cookiecutter.__package }}.training.fitting import list_requirements
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.tables import RAW_TABLES

from ..use_case.expectations import AS_OF

ROOT = Path(__file__).parents[2]
# As in staging.
VARIABLES = {"fresh_environment": "true", "judge_quality": "false"}


@dataclass
class Lifecycle:
    """The lifecycle on three months of data, in a folder of its own."""

    workspace: Any
    settings: ValidationSettings
    make_runner: Callable[[Bundle], Runner]
    store: RunStore

    def read(self, table: Table) -> pd.DataFrame:
        return self.workspace.spark.table(table.full_name(self.settings)).toPandas()

    @property
    def context(self) -> Context:
        return make_context(self.workspace, self.settings)

    def play(self, job: str = "integration_test", as_of: str = AS_OF) -> State:
        runner = self.make_runner(load_bundle(ROOT, None, VARIABLES))
        return runner.run(job, {"as_of": as_of}).state

    def score_ahead(self, day: dt.date, known_until: pd.Timestamp) -> pd.DataFrame:
        """The scores, by pandas, of what arrived since a day and was ahead of its prediction."""
        examples, until = PROBLEM.examples, known_until.tz_localize("UTC").to_pydatetime()
        rows = self.workspace.spark.table(examples.full_name(self.settings))
        arrived = rows.where(F.col(examples.time) >= F.lit(to_instant(day)))
        known = describe_examples(PROBLEM, rows, until + JUST_BEFORE)
        ahead = known.where(F.col(PREDICTION_TIME) > F.lit(until))
        due = ahead.join(arrived.select(*PROBLEM.key).distinct(), list(PROBLEM.key), "left_semi")
        model = load_model(self.workspace.mlflow, self.settings.model_name, 1)
        found = make_training_set(self.workspace, due, model.lookups).load_df().toPandas()
        scores = PROBLEM.kind.tabulate(score(model, found))
        return pd.DataFrame(dict(scores), index=pd.MultiIndex.from_frame(found[list(PROBLEM.key)]))

    def find_values(self, key: str) -> set[object]:
        """What tasks have left under a key, in whichever job."""
        runs = self.store.list_jobs(children=True)
        kept = [item for run in runs for item in self.store.get_values(run.id).items()]
        return {value for (_, name), value in kept if name == key}

    def mirror(self, variables: dict[str, str]) -> dict[str, pd.DataFrame]:
        """What the job mirror makes of the raw tables."""
        bundle = load_bundle(ROOT, None, variables)
        runner = self.make_runner(bundle)
        assert runner.run("mirror", {"as_of": AS_OF}).state is State.SUCCESS
        schema = bundle.config["resources"]["schemas"]["mirror"]["id"]
        frames = {t: self.workspace.spark.table(f"{schema}.{t.name}") for t in RAW_TABLES}
        return {t.name: f.orderBy(*t.keys).toPandas() for t, f in frames.items()}

    def digest(self, table: Table) -> tuple[int, str]:
        return hash_rows(self.workspace.spark.table(table.full_name(self.settings)))


def register_constant(lifecycle: Lifecycle, folder: Path) -> int:
    """A version that scores every example alike, with the features of the first."""
    client, name = lifecycle.workspace.mlflow, lifecycle.settings.model_name
    files = shutil.copytree(download_version(name, 1), folder / "files")
    first = load_model(client, name, 1).first
    classes = PROBLEM.kind.classes if isinstance(PROBLEM.kind, MultiClass) else (0, 1)
    rows = pd.DataFrame(columns=list(first.columns), index=range(len(classes)))
    labels = [float(number) for number in range(len(rows))]
    is_number = isinstance(PROBLEM.kind, Regression)
    dummy = DummyRegressor() if is_number else DummyClassifier(strategy="prior")
    alike = make_pipeline(first, dummy).fit(rows, labels)
    shutil.rmtree(files / NATIVE_MODEL)
    requirements = list_requirements()
    mlflow.sklearn.save_model(alike, files / NATIVE_MODEL, pip_requirements=requirements)
    run = client.create_run("0").info.run_id
    for metric, value in PROBLEM.kind.sum_up(np.array(labels)).items():
        client.log_metric(run, metric, value)
    made = client.create_model_version(name, files.as_uri(), run)
    client.set_model_version_tag(name, made.version, DIGEST, digest_files(files))
    return int(made.version)
