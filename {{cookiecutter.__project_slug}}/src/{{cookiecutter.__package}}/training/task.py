"""The task `training`: trains, tracks and registers, or finds that it has been done."""

from __future__ import annotations

import logging
from importlib.metadata import version as get_installed_version
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import infer_signature

from ..platform.workspace import Workspace
from ..registry.drift import BASELINE_FILE, build_baseline
from ..registry.periods import get_evaluation_window, get_training_window
from ..registry.tags import IDENTITY, LABEL_RATE
from ..registry.training_sets import list_lookups, make_training_set, read_labelled_flights
from ..settings import Settings
from ..use_case.model import build_pipeline, select_inputs
from ..use_case.problem import EVENT_TIME, KEY, LABEL
from .registration import (
    close_interrupted_runs,
    find_table_versions,
    find_version,
    finish_version,
    identify_training,
)
from .tuning import TUNING_DAYS, Trial, check_rows, tune

log = logging.getLogger(__name__)

# MLflow 3.8 does not work with the sqlalchemy that it would draw in by itself.
REQUIREMENTS = ("mlflow", "lightgbm", "scikit-learn", "pandas", "numpy", "sqlalchemy")


def train(workspace: Workspace, settings: Settings) -> int:
    """Registers the version that belongs to the data, code, parameters and `as_of`.

    Returns:
        Its number; an equal training finds the version of the former one.

    Raises:
        TrainingError: Too few rows, or labels of one class.
    """
    versions = find_table_versions(workspace.spark, settings)
    identity = identify_training(settings, versions)
    version = find_version(workspace.mlflow, settings, identity)
    if version is None:
        log.info("no version of these inputs yet")
        version = _train_version(workspace, settings, identity, versions)
    finish_version(workspace, settings, version, versions)
    workspace.task_values.set("model_version", version)
    return version


def _train_version(
    workspace: Workspace, settings: Settings, identity: str, versions: dict[str, int]
) -> int:
    experiment = mlflow.set_experiment(settings.experiment)
    close_interrupted_runs(workspace.mlflow, experiment.experiment_id, identity)
    training_set = load_training_set(workspace, settings)
    log.info("loading the training set")
    rows = training_set.load_df().toPandas().sort_values(KEY, ignore_index=True)
    check_rows(rows, "to train on")
    with mlflow.start_run(run_name=f"as of {settings.as_of}", tags={IDENTITY: identity}) as run:
        _log_datasets(versions)
        mlflow.set_tag("last_trained", rows[EVENT_TIME].max().tz_localize("UTC").isoformat())
        mlflow.log_metric(LABEL_RATE, float(rows[LABEL].mean()))
        pipeline, best = fit(rows)
        log.info("logging and registering the model")
        mlflow.log_dict(make_baseline(rows, best, settings.window_days), BASELINE_FILE)
        _log_model(workspace, settings, pipeline, rows, training_set)
    version = find_version(workspace.mlflow, settings, identity)
    if version is None:
        raise RuntimeError(f"run {run.info.run_id} logged a model, but registered no version")
    return version


def load_training_set(workspace: Workspace, settings: Settings) -> Any:
    """Labelled flights of the training window whose labels arrived before evaluation starts."""
    window = get_training_window(settings)
    known = settings.model_copy(update={"as_of": get_evaluation_window(settings).start.date()})
    flights = read_labelled_flights(workspace, known, window)
    return make_training_set(workspace, flights, list_lookups(settings))


def fit(rows: pd.DataFrame) -> tuple[Any, Trial]:
    """Tunes, then fits on all rows; parameters, metrics and importances go to the run."""
    mlflow.lightgbm.autolog(disable=True)
    best = tune(rows)
    # The model is logged once, with its features; the data once, as tables and their versions.
    mlflow.lightgbm.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        log.info("fitting on %d rows", len(rows))
        return build_pipeline(best.parameters).fit(select_inputs(rows), rows[LABEL]), best
    finally:
        mlflow.lightgbm.autolog(disable=True)


def _log_datasets(versions: dict[str, int]) -> None:
    for table, version in versions.items():
        source = DeltaDatasetSource(delta_table_name=table, delta_table_version=version)
        # MLflow declares, but does not need, a method that this class of its own lacks.
        dataset = MetaDataset(source, name=table)  # type: ignore[abstract]
        mlflow.log_input(dataset, context="training")


def _log_model(
    workspace: Workspace,
    settings: Settings,
    pipeline: Any,
    rows: pd.DataFrame,
    training_set: Any,
) -> None:
    inputs = select_inputs(rows)
    example = inputs.head(5)
    workspace.features.log_model(
        model=pipeline,
        artifact_path="model",
        flavor=mlflow.sklearn,
        training_set=training_set,
        registered_model_name=settings.model_name,
        signature=infer_signature(example, pipeline.predict_proba(example)),
        input_example=example,
        pip_requirements=list_requirements(),
        pyfunc_predict_fn="predict_proba",
    )


def list_requirements() -> list[str]:
    """What scoring needs, in the versions that trained."""
    return [f"{name}=={get_installed_version(name)}" for name in REQUIREMENTS]


def make_baseline(rows: pd.DataFrame, best: Trial, window_days: int) -> dict[str, Any]:
    """What monitoring compares with: the inputs, and the predictions of flights not fitted on.

    Thresholds come from stretches as long as the windows that are compared; those of predictions
    from shorter ones where tuning has judged too few days.
    """
    scores = pd.DataFrame({"probability": best.scores})
    judged = best.judged[EVENT_TIME].reset_index(drop=True)
    return {
        **build_baseline(select_inputs(rows), number_periods(rows[EVENT_TIME], window_days)),
        **build_baseline(scores, number_periods(judged, min(window_days, TUNING_DAYS // 4))),
    }


def number_periods(times: pd.Series, days: int) -> pd.Series:
    """Counts stretches of `days` backwards from the last time; NaN in the incomplete first."""
    periods = (times.max() - times).dt.days // days
    return periods.where(periods < periods.max())
