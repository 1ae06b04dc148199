"""Publishes feature tables to the online store, where an endpoint looks rows up by key alone."""

from __future__ import annotations

import logging
import time

from databricks.feature_engineering import FeatureEngineeringClient
from databricks.ml_features.entities.online_store import DatabricksOnlineStore

from ..settings import ServingSettings
from ..use_case.problem import PROBLEM

log = logging.getLogger(__name__)

CAPACITY = "CU_1"
ATTEMPTS, PAUSE_SECONDS = 90, 20


class StoreError(RuntimeError):
    """The online store cannot be used."""


def publish_features(client: FeatureEngineeringClient, settings: ServingSettings) -> None:
    """Brings the latest row of each key of each table that the model looks up to the store.

    Raises:
        StoreError: The store did not become available.
    """
    store = open_store(client, settings.endpoint.replace("_", "-"))
    for table in PROBLEM.lookups:
        log.info("publishing %s", table.name)
        name = table.full_name(settings)
        client.publish_table(
            online_store=store, source_table_name=name, online_table_name=name_online(name)
        )


def name_online(table: str) -> str:
    """Names what is published of `catalog.schema.table`."""
    return f"{table}_online"


def open_store(
    client: FeatureEngineeringClient, name: str, pause_seconds: float = PAUSE_SECONDS
) -> DatabricksOnlineStore:
    """Finds the store, or makes it, and waits until it is available."""
    store = client.get_online_store(name=name)
    if store is None:
        log.info("making the online store %s", name)
        store = client.create_online_store(name=name, capacity=CAPACITY)
    for _ in range(ATTEMPTS):
        if store and store.state is DatabricksOnlineStore.State.AVAILABLE:
            return store
        time.sleep(pause_seconds)
        store = client.get_online_store(name=name)
    found = store.state.value if store and store.state else "gone"
    raise StoreError(f"the online store {name} is {found}: look at it in the workspace, and repeat")
