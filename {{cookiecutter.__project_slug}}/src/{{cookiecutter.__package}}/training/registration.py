"""The identity of a training, and the registered version that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as get_package_version
from typing import cast

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run, RunStatus
from pyspark.sql import SparkSession

from ..features.currency import Holdings
from ..platform import delta
from ..platform.days import digest_days
from ..platform.fingerprint import digest_facts
from ..platform.workspace import Workspace
from ..registry.artifact import digest_files
from ..registry.loading import download_version
from ..registry.periods import get_evaluation_window, get_training_window
from ..registry.states import State, Transition, move
from ..registry.tags import (
    AS_OF,
    CODE_COMMIT,
    CODE_DIGEST,
    DIGEST,
    EVALUATION_START,
    FINISHED,
    IDENTITY,
    OWNER,
    PACKAGE_VERSION,
    STATE,
    TRAINING_END,
    TRAINING_START,
    TREE,
)
from ..registry.training_sets import name_trained_tables
from ..settings import Settings
from ..use_case.problem import PROBLEM


@dataclass(frozen=True)
class Training:
    """The inputs of a training, beside its settings.

    Attributes:
        tables: The Delta versions of the tables that the training reads, by full name.
        contents: What each of these tables holds from before `as_of`, as digests by full name.
        recipe: The digest of the code and the installed versions that make the model.
    """

    tables: Mapping[str, int]
    contents: Mapping[str, str]
    recipe: str


def find_table_versions(spark: SparkSession, settings: Settings) -> dict[str, int]:
    """Finds the present Delta versions of the tables that a training reads, by full name."""
    names = name_trained_tables(settings).values()
    return {name: delta.read_version(spark, name) for name in names}


def find_contents(settings: Settings, holdings: Holdings) -> dict[str, str]:
    """Digests what the tables that a training reads hold from before `as_of`, by full name.

    Delta versions would not do: equal rows have another version in another project, and a later
    run adds versions that change nothing of what this `as_of` may know.
    """
    return {
        full: digest_days(holdings.describe(table), settings.as_of)
        for table, full in name_trained_tables(settings).items()
    }


def identify_training(settings: Settings, training: Training) -> str:
    """Identifies a training: equal data, code, parameters and `as_of` give an equal text."""
    contents = sorted(training.contents.items())
    return digest_facts(contents, training.recipe, settings.as_of, settings.window_days)


def find_version(client: MlflowClient, settings: Settings, identity: str) -> int | None:
    """Finds the registered version of a training, finished or not."""
    experiment = client.get_experiment_by_name(settings.experiment)
    if experiment is None:
        return None
    runs = search_runs(experiment.experiment_id, f"tags.{IDENTITY} = '{identity}'")
    known = {run.info.run_id for run in runs}
    versions = mlflow.search_model_versions(filter_string=f"name = '{settings.model_name}'")
    return next((int(v.version) for v in versions if v.run_id in known), None)


def search_runs(experiment_id: str, query: str) -> list[Run]:
    """Searches the runs of an experiment, on all pages of the answer."""
    return cast("list[Run]", mlflow.search_runs([experiment_id], query, output_format="list"))


def close_interrupted_runs(client: MlflowClient, experiment_id: str, identity: str) -> None:
    """Marks as killed the runs that a killed training of this identity left open."""
    query = f"tags.{IDENTITY} = '{identity}' and attributes.status = 'RUNNING'"
    for run in search_runs(experiment_id, query):
        client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))


def finish_version(
    workspace: Workspace, settings: Settings, version: int, training: Training
) -> None:
    """Puts description, tags and state on the version, once; a repetition does what is missing."""
    client, name, number = workspace.mlflow, settings.model_name, str(version)
    tags = client.get_model_version(name, number).tags
    if FINISHED in tags:
        return
    client.update_model_version(name, number, describe_version(settings))
    for key, value in describe_training(settings, training).items():
        if value:  # a registry need not keep an empty one
            client.set_model_version_tag(name, number, key, value)
    if DIGEST not in tags:
        digest = digest_files(download_version(name, version))
        client.set_model_version_tag(name, number, DIGEST, digest)
    if STATE not in tags:
        _start_life(workspace, settings, version)
    client.set_model_version_tag(name, number, FINISHED, "true")


def _start_life(workspace: Workspace, settings: Settings, version: int) -> None:
    change = Transition(
        model_version=version,
        state=State.PENDING,
        as_of=settings.as_of,
        reason="registered by training",
        by="the job training",
    )
    move(workspace, settings, change)


def describe_training(settings: Settings, training: Training) -> dict[str, str]:
    """Describes by tags what a version was made from, by whom and when."""
    window = get_training_window(settings.as_of, settings.window_days)
    evaluation = get_evaluation_window(settings.as_of, settings.window_days)
    return {
        AS_OF: settings.as_of.isoformat(),
        OWNER: settings.owner,
        CODE_COMMIT: settings.code_commit,
        TREE: settings.tree,
        CODE_DIGEST: training.recipe,
        PACKAGE_VERSION: get_package_version(__package__.split(".")[0]),
        TRAINING_START: window.start.isoformat(),
        TRAINING_END: window.end.isoformat(),
        EVALUATION_START: evaluation.start.isoformat(),
    }


def describe_version(settings: Settings) -> str:
    """Describes a version in the registry, before validation has judged it."""
    window = get_training_window(settings.as_of, settings.window_days)
    return (
        f"Predicts {PROBLEM.predicts}. Trained on {window}, as known on {settings.as_of}. The model"
        " card with its evaluation is among the artifacts of its run once validation has judged it."
    )
