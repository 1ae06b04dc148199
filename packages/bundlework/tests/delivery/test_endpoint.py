"""The endpoint that a job makes is looked at by `verify` and removed by `destroy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from rendered import copy_project
from workspace import ADDRESS, MISSING, WHY, FakeWorkspace

from flight_delays.platform.model_serving import ModelServing

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.delivery import endpoint
from bundlework.delivery.endpoint import find_endpoint_faults, remove_endpoint

NAME, MODEL = "prod-flight-delays", "prod.models.model"
ONLINE = {"online": "true"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def bundle(rendered: Path) -> Bundle:
    return load_bundle(rendered, "prod", ONLINE)


def answer(monkeypatch: pytest.MonkeyPatch, *things: Any) -> list[tuple[str, ...]]:
    """Lets the workspace answer with these things in turn; returns what it is told to do."""
    answers, told = iter(things), []
    monkeypatch.setattr(endpoint, "find_in_workspace", lambda *_: next(answers))
    monkeypatch.setattr(endpoint, "tell_workspace", lambda _, *words: told.append(words))
    return told


STATES: dict[str, tuple[Any, list[str]]] = {
    "it answers": ({"state": {"ready": "READY", "config_update": "NOT_UPDATING"}}, []),
    "it changes": ({"state": {"ready": "READY", "config_update": "IN_PROGRESS"}}, []),
    "it is missing": (None, ["it is not there: run the job serving"]),
    "it does not answer": ({"state": {"ready": "NOT_READY"}}, ["it is NOT_READY: see its events"]),
    "its change failed": (
        {"state": {"ready": "READY", "config_update": "UPDATE_FAILED"}},
        ["its last change failed: see its events"],
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_what_is_wrong_with_an_endpoint_is_told(
    bundle: Bundle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, said = STATES[name]
    answer(monkeypatch, found)
    faults = list(find_endpoint_faults(bundle))
    assert len(faults) == len(said)
    for fault, part in zip(faults, said, strict=True):
        assert fault.startswith(f"endpoint {NAME}: {part}")


def test_an_endpoint_that_the_bundle_declares_is_looked_at_too(
    rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(rendered, "prod")
    declared = {"chat": {"name": "prod-chat"}}
    monkeypatch.setitem(bundle.config["resources"], "model_serving_endpoints", declared)
    answer(monkeypatch, {"state": {"ready": "NOT_READY"}}, None)
    found = [fault for _ in range(2) for fault in find_endpoint_faults(bundle)]
    assert found == [
        "endpoint prod-chat: it is NOT_READY: see its events in the workspace",
        "endpoint prod-chat: it is not there: deploy again",
    ]


def test_where_nothing_is_served_nobody_asks(
    rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = answer(monkeypatch)
    for target in ("dev", "pull_request", "staging", "prod"):
        off = load_bundle(rendered, target)
        assert list(find_endpoint_faults(off)) == []
        remove_endpoint(off)
    assert told == []


def test_what_is_there_is_removed_the_endpoint_first(
    rendered: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = answer(monkeypatch, {}, {})
    remove_endpoint(bundle)
    assert told == [
        ("serving-endpoints", "delete", NAME),
        ("feature-store", "delete-online-store", NAME),
    ]
    assert answer(monkeypatch, None, None) == []
    remove_endpoint(bundle)


@pytest.mark.skipif(MISSING, reason=WHY)
def test_the_job_makes_and_changes_an_endpoint(project: Path, workspace: FakeWorkspace) -> None:
    bundle = load_bundle(project, "prod", ONLINE)
    serving = ModelServing(WorkspaceClient(host=ADDRESS, token=workspace.token))
    assert len(list(find_endpoint_faults(bundle))) == 1

    def read() -> list[str]:
        found = workspace.ask("GET", f"/api/2.0/serving-endpoints/{NAME}")
        return [entity["entity_version"] for entity in found["config"]["served_entities"]]

    for version in (1, 1, 2, 1):
        serving.serve(NAME, MODEL, version)
        assert read() == [str(version)]
    # In the fake workspace nothing is ever ready.
    (fault,) = find_endpoint_faults(bundle)
    assert fault.startswith(f"endpoint {NAME}: it is NOT_READY")
