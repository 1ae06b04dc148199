"""`Endpoints` by Model Serving, through the SDK of Databricks."""

from __future__ import annotations

import datetime as dt

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointCoreConfigOutput,
    EndpointStateConfigUpdate,
    ServedEntityInput,
    ServingEndpointDetailed,
)

from .first_step import IS_ENDPOINT

WAIT = dt.timedelta(minutes=60)


class ModelServing:
    """Endpoints of the workspace; each serves one version, and sleeps while nobody asks."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._endpoints = client.serving_endpoints

    def serve(self, name: str, model: str, version: int) -> None:
        """See `Endpoints`. While an endpoint changes, the former version answers."""
        endpoint = self._find(name)
        if endpoint is None:
            config = EndpointCoreConfigInput(name, served_entities=[_describe(model, version)])
            self._endpoints.create_and_wait(name, config=config, timeout=WAIT)
            return
        if endpoint.state and endpoint.state.config_update is EndpointStateConfigUpdate.IN_PROGRESS:
            endpoint = self._endpoints.wait_get_serving_endpoint_not_updating(name, timeout=WAIT)
        if _list_served(endpoint.config) != [(model, str(version))]:
            self._endpoints.update_config_and_wait(
                name, served_entities=[_describe(model, version)], timeout=WAIT
            )

    def _find(self, name: str) -> ServingEndpointDetailed | None:
        try:
            return self._endpoints.get(name)
        except NotFound:
            return None


def _describe(model: str, version: int) -> ServedEntityInput:
    return ServedEntityInput(
        name=f"version-{version}",
        entity_name=model,
        entity_version=str(version),
        workload_size="Small",
        scale_to_zero_enabled=True,
        environment_vars={IS_ENDPOINT: "true"},
    )


def _list_served(config: EndpointCoreConfigOutput | None) -> list[tuple[str | None, str | None]]:
    served = config.served_entities if config else None
    return [(entity.entity_name, entity.entity_version) for entity in served or ()]
