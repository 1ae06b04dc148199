"""Features are published first, and the endpoint serves the last champion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.serving import task
from {{ cookiecutter.__package }}.serving.task import serve
from {{ cookiecutter.__package }}.settings import ServingSettings

from ..toy_predictions import SETTINGS, open_tables, promote

SERVING = ServingSettings(**SETTINGS.model_dump(), endpoint="dev-toys")


class Calls:
    """The calls that were made, in order."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def serve(self, *told: Any) -> None:
        self.made.append(told)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(task, "publish_features", lambda *_: calls.serve("published"))
    return calls


@pytest.fixture
def workspace(lakehouse: SparkSession, calls: Calls) -> Iterator[Workspace]:
    with open_tables(lakehouse, PROMOTIONS) as workspace:
        yield replace(workspace, endpoints=calls)


def test_without_a_champion_features_are_published_and_nothing_is_served(
    workspace: Workspace, calls: Calls
) -> None:
    serve(workspace, SERVING)
    assert calls.made == [("published",)]


def test_the_endpoint_serves_the_champion_also_after_a_rollback(
    workspace: Workspace, calls: Calls
) -> None:
    promote(workspace, 1, "2013-06-01")
    promote(workspace, 2, "2013-06-08")
    serve(workspace, SERVING)
    promote(workspace, 1, "2013-06-08", number=3, kind="rollback", former=2)
    serve(workspace, SERVING)
    served = [made for made in calls.made if made != ("published",)]
    assert served == [("dev-toys", SERVING.model_name, version) for version in (2, 1)]
    assert calls.made[0] == calls.made[2] == ("published",)
