"""An endpoint is made once, and changed when another version is to answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import (
    EndpointCoreConfigOutput,
    EndpointState,
    EndpointStateConfigUpdate,
    ServedEntityOutput,
    ServingEndpointDetailed,
)

from {{ cookiecutter.__package }}.platform.model_serving import ModelServing


class Recorded:
    """The API of endpoints, with one endpoint or none."""

    def __init__(self, version: str = "", is_changing: bool = False) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self._version, self._is_changing = version, is_changing

    def get(self, name: str) -> ServingEndpointDetailed:
        if not self._version:
            raise NotFound(name)
        states = EndpointStateConfigUpdate
        update = states.IN_PROGRESS if self._is_changing else states.NOT_UPDATING
        served = ServedEntityOutput(entity_name="prod.models.model", entity_version=self._version)
        return ServingEndpointDetailed(
            config=EndpointCoreConfigOutput(served_entities=[served]),
            state=EndpointState(config_update=update),
        )

    def wait_get_serving_endpoint_not_updating(
        self, name: str, timeout: Any
    ) -> ServingEndpointDetailed:
        self._is_changing = False
        self.calls.append(("wait", name, None))
        return self.get(name)

    def create_and_wait(self, name: str, config: Any, timeout: Any) -> None:
        self.calls.append(("create", name, config.served_entities))

    def update_config_and_wait(self, name: str, served_entities: Any, timeout: Any) -> None:
        self.calls.append(("update", name, served_entities))


def serve(recorded: Recorded, version: int) -> list[str]:
    """The calls that it takes to serve a version."""
    client: Any = SimpleNamespace(serving_endpoints=recorded)
    ModelServing(client).serve("prod-toys", "prod.models.model", version)
    return [name for name, _, _ in recorded.calls]


def test_the_first_champion_gets_an_endpoint_that_sleeps_while_nobody_asks() -> None:
    recorded = Recorded()
    assert serve(recorded, 1) == ["create"]
    ((_, name, (entity,)),) = recorded.calls
    assert (name, entity.entity_version, entity.scale_to_zero_enabled) == ("prod-toys", "1", True)
    assert entity.environment_vars == {"IS_ENDPOINT": "true"}


def test_the_version_that_is_served_already_is_left_alone() -> None:
    assert serve(Recorded("2"), 2) == []


def test_another_version_takes_its_place() -> None:
    recorded = Recorded("2")
    assert serve(recorded, 3) == ["update"]
    ((_, _, (entity,)),) = recorded.calls
    assert (entity.entity_name, entity.entity_version) == ("prod.models.model", "3")


def test_a_change_that_is_under_way_is_waited_for() -> None:
    assert serve(Recorded("2", is_changing=True), 2) == ["wait"]
    assert serve(Recorded("2", is_changing=True), 3) == ["wait", "update"]
