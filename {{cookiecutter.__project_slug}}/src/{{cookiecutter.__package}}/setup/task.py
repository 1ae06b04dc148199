"""The task `setup`: safe to repeat, changes nothing that is already so."""

from __future__ import annotations

import logging

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ..settings import SetupSettings
from ..tables import FEATURE_TABLES, RAW_TABLES, RECORD_TABLES
from ..workspace import Workspace
from .tables import create_feature_table, create_table, describe_table

log = logging.getLogger(__name__)


def set_up(workspace: Workspace, settings: SetupSettings) -> None:
    """Creates what is missing: tables, tags, the model and the link to its deployment job."""
    own_raw = RAW_TABLES if settings.owns_sources else ()
    for table in (*own_raw, *RECORD_TABLES):
        log.info("table %s", table.name)
        create_table(workspace.spark, table, settings)
        describe_table(workspace.governance, table, settings)
    for table in FEATURE_TABLES:
        log.info("feature table %s", table.name)
        create_feature_table(workspace.spark, workspace.features, table, settings)
        describe_table(workspace.governance, table, settings)
    ensure_model(workspace.mlflow, settings.model_name)
    workspace.governance.set_job_of_model(settings.model_name, settings.deployment_job_id)


def ensure_model(client: MlflowClient, name: str) -> None:
    """Registers the model's name where the bundle has not done so."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name)
