"""The sinks of the page `sinks`, with a real PostgreSQL and a real Kafka broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import sinks
from .kafka import start_kafka
from .postgres import start_postgres

COMPUTES = ("serverless", "classic")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Plays on each kind of compute, and returns what readers of the sinks found."""
    return {compute: play(compute, tmp_path_factory.mktemp(compute)) for compute in COMPUTES}


def play(compute: str, folder: Path) -> Any:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with start_kafka() as servers, start_postgres() as port:
        command = [sys.executable, sinks.__file__, compute, servers, str(port), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("compute", COMPUTES)
def test_readers_find_what_is_in_force_although_a_sink_was_away(played: Any, compute: str) -> None:
    first, last, again = played[compute]["found"]
    assert first["in force"] == {"a": 1, "b": 1}
    # Version 2 was rolled back from: of c there is no prediction in force any more.
    assert last["in force"] == {"a": 1, "b": 1, "d": 1}
    if compute == "classic":
        assert (first["planning"], last["planning"]) == (first["in force"], last["in force"])
    else:
        assert first["events"] == first["in force"]
        assert last["events"] == {**last["in force"], "c": None}
    assert again == last


def test_a_sink_that_is_away_is_named(played: Any) -> None:
    (said,) = played["classic"]["said"]
    assert said.startswith("planning: OperationalError: ")
    assert said.endswith("\nthe next run hands on what is missing")


def test_serverless_compute_refuses_jdbc_by_name_and_hands_on_the_rest(played: Any) -> None:
    said = [told.splitlines() for told in played["serverless"]["said"]]
    refusal = "planning: SinkError: kind postgresql needs classic compute: serverless has no JDBC"
    assert [told.count(refusal) for told in said] == [1] * 4
    assert [told[0].startswith("events: ") for told in said] == [False, True, False, False]
