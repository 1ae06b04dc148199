"""MLflow's pages are for the person at this machine: they ask for no password."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bundlework.laptop.tracking import get_store_uri

PATIENCE = 60.0


def find_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(host: str, port: int) -> bool:
    with closing(socket.socket()) as asked:
        return asked.connect_ex((host, port)) == 0


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of the pages, whose environment opens them to the network."""
    MlflowClient(get_store_uri(tmp_path)).create_experiment("any")
    port = find_port()
    opened = {"MLFLOW_HOST": "0.0.0.0", "MLFLOW_PORT": str(port)}  # noqa: S104
    environment = {**os.environ, **opened, "LOCAL_WORKSPACE": str(tmp_path)}
    command = [sys.executable, "-m", "bundlework", "ui"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
    yield port
    os.killpg(started.pid, signal.SIGTERM)
    started.wait()


def test_the_pages_are_served_to_this_machine_alone(port: int) -> None:
    last = time.monotonic() + PATIENCE
    while not answers("127.0.0.1", port):
        assert time.monotonic() < last, "the pages do not come"
        time.sleep(0.2)
    # Of Linux's addresses of this machine, a server for the network has this one too.
    assert not answers("127.0.0.2", port)
