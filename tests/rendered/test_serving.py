"""An endpoint on this machine: a real PostgreSQL, the look-up of Model Serving, MLflow's server."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pandas as pd
import pytest
from sequences.lake import SCHEMAS
from sequences.oracle import Visit
from sequences.registry import ModelLake

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.platform.vocabulary import FeatureTable
from flight_delays.registry.loading import download_version
from flight_delays.serving import task as serving_task
from flight_delays.settings import ServingSettings

from bundlework.laptop.online_store import find_served, list_published
from bundlework.laptop.postgres import run_server
from bundlework.laptop.serving import name_server, tell_server
from bundlework.laptop.workspace import ONLINE, LocalWorkspace

from .ports import find_port

KEYS, DAY = 10_000, 9
# Known in the evening, a visit is predicted when the next day begins.
EVENING = DAY * 24 - 5
STARTED_WITHIN = 120


class ServedLake(ModelLake):
    """A lake whose feature table must have a row of each visit."""

    @property
    def feature_tables(self) -> tuple[FeatureTable, ...]:
        first, *others = super().feature_tables
        return (replace(first, optional=False), *others)

    def serve(self, as_of: int) -> None:
        """Runs the task `serving`."""
        settings = self._extend(ServingSettings, as_of, {"endpoint": "dev_visits"})
        with self.deployed():
            serving_task.serve(self.workspace, settings)


@dataclass(frozen=True)
class Endpoint:
    """A server that answers, and the scores that the batch job has stored."""

    address: str
    stored: pd.DataFrame
    store: ExitStack

    def ask(self, body: bytes) -> tuple[int, Any]:
        """The status and the answer to a request."""
        request = Request(self.address, body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def ask_for(self, *rows: dict[str, Any]) -> tuple[int, Any]:
        return self.ask(json.dumps({"dataframe_records": rows}).encode())


def make_request(number: int, **changes: Any) -> dict[str, Any]:
    """The key and the time of a visit, as a caller sends them."""
    return {"flight_id": f"{number:05}", "scheduled_departure": "2013-01-10T07:00:00Z"} | changes


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedLake, Path]]:
    """A lake with ten thousand visits, a champion, and what it has scored."""
    state = tmp_path_factory.mktemp("state")
    local = LocalWorkspace(state, SCHEMAS)
    lake = ServedLake(local)
    lake.arrived = [Visit(f"{n:05}", EVENING, n / KEYS - 0.5, 0.0) for n in range(KEYS)]
    lake.arrived += [Visit(f"{name} before", 12.0, 1.0, 0.0) for name in "abcdefgh"]
    for step in (lambda: lake.ingest("dev", DAY), lambda: lake.compute_features(DAY)):
        step()
    lake.promote(lake.train(DAY), DAY)
    lake.predict(DAY)
    lake.serve(DAY)
    yield lake, state / ONLINE
    local.close()


@pytest.fixture(scope="module")
def endpoint(lake: tuple[ServedLake, Path]) -> Iterator[Endpoint]:
    """The endpoint of the lake's champion."""
    served, folder = lake
    found = find_served(folder, "dev_visits")
    assert found
    files, port = download_version(*found), find_port()
    rows = served.spark.table(PREDICTIONS.full_name(served.settings(DAY)))
    ahead = rows.where("days_ahead = 0").select("flight_id", "score")
    stored = ahead.orderBy("flight_id").toPandas()
    with ExitStack() as store:
        socket = store.enter_context(run_server(folder))
        variables = os.environ | tell_server(files, list_published(folder), socket)
        with subprocess.Popen(name_server(files, port), env=variables) as server:
            try:
                wait_for(f"http://127.0.0.1:{port}/ping", server)
                yield Endpoint(f"http://127.0.0.1:{port}/invocations", stored, store)
            finally:
                server.terminate()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Waits until a server answers."""
    for _ in range(STARTED_WITHIN):
        assert server.poll() is None, "the server has ended"
        try:
            with urlopen(address, timeout=5):
                return
        except URLError:
            time.sleep(1)
    raise TimeoutError(address)


def test_ten_thousand_keys_get_the_scores_that_the_batch_has_stored(endpoint: Endpoint) -> None:
    status, answer = endpoint.ask_for(*map(make_request, range(KEYS)))
    assert status == 200
    online = [late for _, late in answer["predictions"]]
    assert len(endpoint.stored) == KEYS
    assert endpoint.stored["score"].nunique() > KEYS / 2
    assert online == pytest.approx(endpoint.stored["score"].tolist(), abs=1e-9)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"flight_id": "nobody"}, "flight_id='nobody': no row of doubled"),
    "a null": ({"flight_id": None}, "flight_id=None"),
    "a key of another type": ({"flight_id": 7}, "flight_id=7: no string"),
    "no time": ({"scheduled_departure": "soon"}, "scheduled_departure='soon': no timestamp"),
    "an override": ({"value": 3.0}, "value: not taken, features are looked up"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_request_is_refused_with_the_name_of_the_field(endpoint: Endpoint, name: str) -> None:
    change, said = REFUSED[name]
    status, answer = endpoint.ask_for(make_request(1), make_request(2, **change))
    assert (status, answer["error_code"]) == (400, "BAD_REQUEST")
    assert said in answer["message"]
    assert set(answer) == {"error_code", "message"}


def test_a_request_without_a_field_or_that_is_no_json_is_refused(endpoint: Endpoint) -> None:
    told = make_request(1)
    del told["scheduled_departure"]
    assert endpoint.ask_for(told) == (
        400,
        {"error_code": "BAD_REQUEST", "message": "scheduled_departure: missing"},
    )
    status, answer = endpoint.ask(b'{"instances": [1, 2]}')
    assert status == 400
    status, answer = endpoint.ask(b"{" + b"x" * 10_000)
    assert status == 400
    assert "JSON" in answer["message"]
    assert len(answer["message"]) <= 500


def test_ten_megabytes_are_answered(endpoint: Endpoint) -> None:
    body = json.dumps({"dataframe_records": [make_request(1)] * 150_000}).encode()
    assert len(body) > 10_000_000
    status, answer = endpoint.ask(body)
    assert (status, len(answer["predictions"])) == (200, 150_000)


def test_while_the_store_is_away_the_answer_is_503(endpoint: Endpoint) -> None:
    endpoint.store.close()
    status, answer = endpoint.ask_for(make_request(1))
    assert (status, answer["error_code"]) == (503, "SERVICE_UNAVAILABLE")


def test_a_copy_for_a_pull_request_serves_nothing(lake: tuple[ServedLake, Path]) -> None:
    served, _ = lake
    told = served.reading(DAY).model_dump() | {"target": "pull_request", "endpoint": "visits"}
    with pytest.raises(ValueError, match="online is true in the target pull_request"):
        ServingSettings(**told)
