"""The task `setup`: creates what is missing, adapts what is declared anew, and leaves the rest."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ..platform.metric_views import MetricView
from ..platform.parallel import do_in_parallel
from ..platform.views import View
from ..platform.vocabulary import FeatureTable, Table
from ..platform.workspace import Workspace
from ..settings import SetupSettings
from ..use_case.tables import FEATURE_TABLES, RAW_TABLES
from .changes import adapt_tables
from .creation import create_feature_table, create_table, describe_table

log = logging.getLogger(__name__)


def set_up(
    workspace: Workspace,
    settings: SetupSettings,
    records: Sequence[Table],
    views: Sequence[View],
    metric_views: Sequence[MetricView],
) -> None:
    """Creates what is missing: tables, columns, tags, views, the model and its deployment job.

    Args:
        records: The tables that the stages keep beside raw and feature tables.
        views: The views that readers of predictions are granted.
        metric_views: The metric views that business viewers read.

    Raises:
        SchemaError: A table is declared in a way that could lose rows of the existing one.
    """
    # Feature tables take longest, so they come first.
    tables = (*FEATURE_TABLES, *(RAW_TABLES if settings.owns_sources else ()), *records)
    adapt_tables(workspace.spark, settings, tables)
    do_in_parallel(lambda table: create(workspace, table, settings), tables)
    for table in tables:
        describe_table(workspace.governance, table, settings)
    for view in views:
        log.info("view %s", view.name)
        name, query = view.full_name(settings), view.query(settings)
        workspace.governance.define_view(name, query, view.comment)
    for metric_view in metric_views:
        log.info("metric view %s", metric_view.name)
        name, definition = metric_view.full_name(settings), metric_view.define(settings)
        workspace.governance.define_metric_view(name, definition)
    ensure_model(workspace.mlflow, settings.model_name)
    workspace.governance.set_job_of_model(settings.model_name, settings.deployment_job_id)


def create(workspace: Workspace, table: Table, settings: SetupSettings) -> None:
    """Creates a table; the feature client creates a feature table."""
    log.info("table %s", table.name)
    if isinstance(table, FeatureTable):
        create_feature_table(workspace.spark, workspace.features, table, settings)
    else:
        create_table(workspace.spark, table, settings)


def ensure_model(client: MlflowClient, name: str) -> None:
    """Registers the model's name, unless the bundle has done so."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name)
