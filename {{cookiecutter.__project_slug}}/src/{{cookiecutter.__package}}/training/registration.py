"""A training's identity, and the registered version that belongs to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version as get_package_version

from mlflow import MlflowClient
from mlflow.entities import RunStatus
from pyspark.sql import SparkSession

from ..platform.fingerprint import digest_code, digest_facts
from ..platform.progress import find_windows, get_table_version
from ..platform.workspace import Workspace
from ..registry.artifact import digest_files
from ..registry.loading import download_version
from ..registry.periods import get_evaluation_window, get_training_window
from ..registry.states import State, move
from ..registry.tags import AS_OF, DIGEST, FINISHED, IDENTITY, STATE
from ..registry.training_sets import name_trained_tables
from ..settings import Settings
from ..use_case.problem import PREDICTS


def find_table_versions(spark: SparkSession, settings: Settings) -> dict[str, int]:
    """Delta versions of the tables a training reads, as of the run.

    A later run adds versions, but changes nothing of what this `as_of` may know.

    Raises:
        LookupError: A table has no window of this `as_of`.
    """
    finished, names = find_windows(spark, settings), name_trained_tables(settings)
    return {full: get_table_version(finished, table, settings) for table, full in names.items()}


def identify_training(settings: Settings, table_versions: Mapping[str, int]) -> str:
    """Equal for trainings on the same data, code, parameters and `as_of`."""
    return digest_facts(
        sorted(table_versions.items()), digest_code(), settings.as_of, settings.window_days
    )


def find_version(client: MlflowClient, settings: Settings, identity: str) -> int | None:
    """The registered version of a training, finished or not."""
    experiment = client.get_experiment_by_name(settings.experiment)
    if experiment is None:
        return None
    runs = client.search_runs([experiment.experiment_id], f"tags.{IDENTITY} = '{identity}'")
    known = {run.info.run_id for run in runs}
    versions = client.search_model_versions(f"name = '{settings.model_name}'")
    return next((int(v.version) for v in versions if v.run_id in known), None)


def close_interrupted_runs(client: MlflowClient, experiment_id: str, identity: str) -> None:
    """Marks runs that a killed training of this identity left open."""
    query = f"tags.{IDENTITY} = '{identity}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment_id], query):
        client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))


def finish_version(
    workspace: Workspace, settings: Settings, version: int, table_versions: Mapping[str, int]
) -> None:
    """Puts on the version what a reviewer asks for, once; an unfinished repeat goes on with it."""
    client, name, number = workspace.mlflow, settings.model_name, str(version)
    found = client.get_model_version(name, number)
    if FINISHED in found.tags:
        return
    client.update_model_version(name, number, describe_version(settings))
    for key, value in describe_training(settings, table_versions).items():
        client.set_model_version_tag(name, number, key, value)
    if DIGEST not in found.tags:
        client.set_model_version_tag(
            name, number, DIGEST, digest_files(download_version(name, version))
        )
    if STATE not in found.tags:
        move(
            workspace,
            settings,
            version,
            State.PENDING,
            "registered by training",
            "the job training",
        )
    client.set_model_version_tag(name, number, FINISHED, "true")


def describe_training(settings: Settings, table_versions: Mapping[str, int]) -> dict[str, str]:
    """The tags of a version: what it was made from, by whom and when."""
    training, evaluation = get_training_window(settings), get_evaluation_window(settings)
    return {
        AS_OF: settings.as_of.isoformat(),
        "owner": settings.owner,
        "code_commit": settings.code_commit,
        "tree": settings.tree,
        "code_digest": digest_code(),
        "package_version": get_package_version(__package__.split(".")[0]),
        "table_versions": json.dumps(dict(sorted(table_versions.items()))),
        "training_start": training.start.isoformat(),
        "training_end": training.end.isoformat(),
        "evaluation_start": evaluation.start.isoformat(),
    }


def describe_version(settings: Settings) -> str:
    """What the registry shows of a version before it is judged."""
    training = get_training_window(settings)
    return (
        f"Predicts {PREDICTS}. Trained on {training}, as known on {settings.as_of}. The model card"
        " with its evaluation is among the artifacts of its run, once validation has judged it."
    )
