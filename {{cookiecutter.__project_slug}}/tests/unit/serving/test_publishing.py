"""The store is made once, and nothing is published before it is available."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.ml_features.entities.online_store import DatabricksOnlineStore

from {{ cookiecutter.__package }}.serving import publishing
from {{ cookiecutter.__package }}.serving.publishing import StoreError, name_online, open_store

State = DatabricksOnlineStore.State


class Client:
    """A client of a store that is in one state after the other."""

    def __init__(self, *states: State | None) -> None:
        self._states = iter(states)
        self.made: list[str] = []

    def get_online_store(self, name: str) -> DatabricksOnlineStore | None:
        state = next(self._states)
        return DatabricksOnlineStore(name, "CU_1", state=state) if state else None

    def create_online_store(self, name: str, capacity: str) -> DatabricksOnlineStore:
        self.made.append(name)
        return DatabricksOnlineStore(name, capacity, state=State.STARTING)


def open_for(client: Any) -> DatabricksOnlineStore:
    return open_store(client, "prod-toys", pause_seconds=0)


def test_a_store_that_is_there_is_used() -> None:
    client = Client(State.AVAILABLE)
    assert open_for(client).state is State.AVAILABLE
    assert client.made == []


def test_a_missing_store_is_made_and_waited_for() -> None:
    client = Client(None, State.STARTING, None, State.AVAILABLE)
    assert open_for(client).state is State.AVAILABLE
    assert client.made == ["prod-toys"]


def test_a_store_that_does_not_become_available_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ATTEMPTS", 2)
    client = Client(*[State.STOPPED] * 3)
    with pytest.raises(StoreError, match="the online store prod-toys is STOPPED: look"):
        open_for(client)


def test_what_is_published_has_a_name_of_its_own() -> None:
    assert name_online("prod.features.loads") == "prod.features.loads_online"
