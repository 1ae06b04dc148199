"""Times of the endpoint's answers on this machine, beside the same model without a look-up.

Called in the folder of a rendered project after `make serve`: `python online.py [MINUTES]`. Both
servers are MLflow's with the champion; one gets the features in the request. The two take turns, so
that a slow minute of the machine meets both. With minutes, the endpoint is loaded for so long at
the end, and its memory is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import socket as Socket

import numpy as np
from psycopg.sql import SQL, Identifier

from bundlework.bundle.contract import get_state
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.online_store import find_served, list_published
from bundlework.laptop.postgres import connect, run_server
from bundlework.laptop.serving import find_files, name_server, tell_server
from bundlework.laptop.workspace import ONLINE

RAW_MODEL = "data/feature_store/raw_model"
CLIENTS, SECONDS, ROUNDS = (1, 8, 32), 5, 3
# The bare model takes no key.
KEY = ("flight_id",)
GIVEN: dict[str, object] = {
    "flight_id": "20130610-EV-5675-EWR",
    "scheduled_departure": "2013-06-10T23:10:00Z",
    "carrier": "EV",
    "origin": "EWR",
    "destination": "CLT",
    "distance": 529,
}


def main(minutes: float = 0) -> None:
    """Prints a table of times, and the memory under load."""
    root, folder = Path.cwd(), get_state(Path.cwd()) / ONLINE
    bundle = load_bundle(root)
    endpoint = bundle.config["variables"][bundle.contract.need("variables.endpoint")]["value"]
    served = find_served(folder, endpoint)
    if served is None:
        sys.exit("nothing is served: make serve")
    files = find_files(root, *served)
    with ExitStack() as stack:
        store = stack.enter_context(run_server(folder))
        told = tell_server(files, list_published(folder), store)
        looked_up = read_features(folder, store)
        endpoint = stack.enter_context(start(files, told))
        bare = stack.enter_context(start(files / RAW_MODEL, told))
        told_all = {n: v for n, v in (GIVEN | looked_up).items() if n not in KEY}
        ways = {"look-up": (endpoint, GIVEN), "bare": (bare, told_all)}
        print_times(ways)
        if minutes:
            print_memory(endpoint, minutes)


def read_features(folder: Path, store: str) -> dict[str, object]:
    """The features of the example, as a caller of the bare model must send them."""
    found: dict[str, object] = {}
    for table in list_published(folder).values():
        database, schema, name = table.name.split(".")
        (key,) = table.keys
        with connect(store, database) as connection:
            place = SQL("SELECT * FROM {}.{} WHERE {} = %s")
            query = place.format(Identifier(schema), Identifier(name), Identifier(key))
            rows = connection.execute(query, [GIVEN[key]])
            row = dict(zip(table.types, rows.fetchone() or (), strict=True))
        found |= {n: v for n, v in row.items() if n not in (*table.keys, table.time)}
    return {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in found.items()}


@contextmanager
def start(files: Path, told: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Starts a server; yields its port and the number of its process."""
    with Socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = name_server(files, port)
    with subprocess.Popen(command, env=os.environ | told, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield port, server.pid
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Waits until a server answers."""
    for _ in range(120):
        try:
            ask(HTTPConnection("127.0.0.1", port), "GET", "/ping")
            return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"no server answers at port {port}")


def ask(connection: HTTPConnection, verb: str, path: str, body: str = "") -> int:
    """Asks, and returns the status."""
    connection.request(verb, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def load(port: int, body: str, seconds: float) -> list[float]:
    """Asks again and again over one connection; returns how many milliseconds each answer took."""
    connection, end, taken = HTTPConnection("127.0.0.1", port), time.monotonic() + seconds, []
    while time.monotonic() < end:
        began = time.perf_counter()
        status = ask(connection, "POST", "/invocations", body)
        taken.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"the server answers {status}")
    return taken


def load_with(clients: int, port: int, body: str, seconds: float) -> list[float]:
    """The same by several clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        found = pool.map(lambda _: load(port, body, seconds), range(clients))
        return [taken for each in found for taken in each]


def print_times(ways: dict[str, tuple[tuple[int, int], dict[str, object]]]) -> None:
    """Prints median and 99th percentile of each way, by the number of clients."""
    print("| clients | server | p50, ms | p99, ms | requests per second |\n|---|---|---|---|---|")
    bodies = {name: json.dumps({"dataframe_records": [row]}) for name, (_, row) in ways.items()}
    for clients in CLIENTS:
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, ((port, _), _) in ways.items():
                load_with(clients, port, bodies[name], 1)  # warm
                taken[name] += load_with(clients, port, bodies[name], SECONDS)
        for name, times in taken.items():
            median, worst = np.percentile(times, [50, 99])
            rate = len(times) / ROUNDS / SECONDS
            print(f"| {clients} | {name} | {median:.1f} | {worst:.1f} | {rate:.0f} |", flush=True)


def print_memory(endpoint: tuple[int, int], minutes: float) -> None:
    """Prints the memory of the endpoint's process during load by eight clients."""
    port, process = endpoint
    body = json.dumps({"dataframe_records": [GIVEN]})
    print("\n| minute | requests | memory, MB |\n|---|---|---|")
    total = 0
    for minute in range(1, round(minutes) + 1):
        total += len(load_with(8, port, body, 60))
        print(f"| {minute} | {total:,} | {measure_memory(process):.0f} |", flush=True)


def measure_memory(process: int) -> float:
    """The memory of a process and of those that it has started, in megabytes."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    )
    rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    return sum(rss for pid, parent, rss in rows if process in (pid, parent)) / 1024


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
