"""The task `setup`: safe to repeat, changes nothing that is already so."""

from __future__ import annotations

import logging

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ..monitoring.metric_views import METRIC_VIEWS
from ..settings import SetupSettings
from ..side_by_side import do_side_by_side
from ..tables import FEATURE_TABLES, RAW_TABLES, RECORD_TABLES, Table
from ..workspace import Workspace
from .tables import create_feature_table, create_table, describe_table

log = logging.getLogger(__name__)


def set_up(workspace: Workspace, settings: SetupSettings) -> None:
    """Creates what is missing: tables, tags, metric views, the model and its deployment job."""
    # Feature tables first: they take longest.
    tables = (*FEATURE_TABLES, *(RAW_TABLES if settings.owns_sources else ()), *RECORD_TABLES)
    do_side_by_side(lambda table: create(workspace, table, settings), tables)
    for table in tables:
        describe_table(workspace.governance, table, settings)
    for view in METRIC_VIEWS:
        log.info("metric view %s", view.name)
        workspace.governance.define_metric_view(view.full_name(settings), view.define(settings))
    ensure_model(workspace.mlflow, settings.model_name)
    workspace.governance.set_job_of_model(settings.model_name, settings.deployment_job_id)


def create(workspace: Workspace, table: Table, settings: SetupSettings) -> None:
    """Creates a table, by the feature client if it is one of features."""
    log.info("table %s", table.name)
    if table in FEATURE_TABLES:
        create_feature_table(workspace.spark, workspace.features, table, settings)
    else:
        create_table(workspace.spark, table, settings)


def ensure_model(client: MlflowClient, name: str) -> None:
    """Registers the model's name where the bundle has not done so."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name)
