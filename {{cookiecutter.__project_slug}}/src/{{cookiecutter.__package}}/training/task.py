"""The task `training`: trains, tracks and registers a version, or finds the equal one of before."""

from __future__ import annotations

import logging
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import get_model_info, infer_signature, set_signature

from ..features.currency import read_current
from ..platform.fingerprint import digest_facts, fingerprint
from ..platform.problem import LABEL, LOOKUP_TIME, PREDICTION_TIME
from ..platform.workspace import Workspace
from ..registry.artifact import carry_own_classes
from ..registry.drift import BASELINE_FILE
from ..registry.periods import get_evaluation_window, get_training_window
from ..registry.tags import IDENTITY, LAST_TRAINED
from ..registry.training_sets import list_lookups, make_training_set, read_labelled_examples
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .fitting import collect_rows, fit, list_fitting_versions, list_requirements, make_baseline
from .registration import (
    Training,
    close_interrupted_runs,
    find_contents,
    find_table_versions,
    find_version,
    finish_version,
    identify_training,
)
from .signature import sign_pipeline, sign_request
from .tuning import check_rows

log = logging.getLogger(__name__)


def train(workspace: Workspace, settings: Settings) -> int:
    """Registers the version that belongs to the data, code, parameters and `as_of`.

    Returns:
        Its number; an equal training finds the version of the former one.

    Raises:
        StaleFeaturesError: The features are of other code or other facts.
        TrainingError: There are too few rows, or labels that teach nothing.
    """
    holdings = read_current(workspace.spark, settings, settings.as_of)
    contents = find_contents(settings, holdings)
    tables = find_table_versions(workspace.spark, settings)
    training = Training(tables, contents, identify_recipe())
    identity = identify_training(settings, training)
    version = find_version(workspace.mlflow, settings, identity)
    if version is None:
        log.info("no version of these inputs yet")
        version = _train_version(workspace, settings, identity, tables)
    finish_version(workspace, settings, version, training)
    workspace.task_values.set("model_version", version)
    return version


def identify_recipe() -> str:
    """Identifies what makes a model of its data: code, and the installed versions that fit it."""
    code = fingerprint(
        load_training_set, collect_rows, fit, make_baseline, log_model, register_model
    )
    return digest_facts(code, list_fitting_versions())


def _train_version(
    workspace: Workspace, settings: Settings, identity: str, tables: dict[str, int]
) -> int:
    experiment = mlflow.set_experiment(settings.experiment)
    close_interrupted_runs(workspace.mlflow, experiment.experiment_id, identity)
    training_set = load_training_set(workspace, settings)
    log.info("loading the training set")
    rows = collect_rows(training_set)
    check_rows(rows, "to train on")
    with mlflow.start_run(run_name=f"as of {settings.as_of}", tags={IDENTITY: identity}) as run:
        _log_data(rows, tables)
        pipeline, best = fit(rows)
        log.info("logging and registering the model")
        mlflow.log_dict(make_baseline(rows, best, settings.window_days), BASELINE_FILE)
        log_model(workspace, pipeline, rows, training_set)
        register_model(workspace, settings, run.info.run_id)
    version = find_version(workspace.mlflow, settings, identity)
    if version is None:
        raise RuntimeError(f"run {run.info.run_id} logged a model, but registered no version")
    return version


def load_training_set(workspace: Workspace, settings: Settings) -> Any:
    """Loads labelled examples of the training window whose labels arrived before evaluation."""
    window = get_training_window(settings.as_of, settings.window_days)
    known = get_evaluation_window(settings.as_of, settings.window_days).start.date()
    examples = read_labelled_examples(workspace, settings, window, known)
    # No caller of an endpoint knows these two.
    excluded = (PREDICTION_TIME, LOOKUP_TIME)
    return make_training_set(workspace, examples, list_lookups(settings), excluded)


def _log_data(rows: pd.DataFrame, tables: dict[str, int]) -> None:
    log_tables(tables)
    mlflow.set_tag(LAST_TRAINED, rows[PROBLEM.event_time].max().tz_localize("UTC").isoformat())
    mlflow.log_metrics(PROBLEM.kind.sum_up(PROBLEM.kind.encode(rows[LABEL])))


def log_tables(tables: dict[str, int]) -> None:
    """Logs as inputs of the run in use what tables it reads, in which Delta version."""
    for table, version in tables.items():
        source = DeltaDatasetSource(delta_table_name=table, delta_table_version=version)
        # MLflow declares a method that this class of its own lacks, and never calls it.
        dataset = MetaDataset(source, name=table)  # type: ignore[abstract]
        mlflow.log_input(dataset, context="training")


def log_model(workspace: Workspace, pipeline: Any, rows: pd.DataFrame, training_set: Any) -> None:
    """Logs the model with its features, in the run in use."""
    example, method = rows[list(pipeline[0].columns)].head(5), PROBLEM.kind.method
    scores = getattr(pipeline[1:], method)(pipeline[0].compute(example))
    with carry_own_classes():
        workspace.features.log_model(
            model=pipeline,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set,
            signature=sign_pipeline(infer_signature(model_output=scores).outputs),
            input_example=example,
            pip_requirements=list_requirements(),
            pyfunc_predict_fn=method,
        )


def register_model(workspace: Workspace, settings: Settings, run_id: str) -> None:
    """Registers a version of the model that a run has logged, for requests without features."""
    (logged,) = workspace.mlflow.get_run(run_id).outputs.model_outputs
    address = f"models:/{logged.model_id}"
    signature = get_model_info(address).signature
    set_signature(address, sign_request(signature.outputs, signature.params))
    mlflow.register_model(address, settings.model_name)
