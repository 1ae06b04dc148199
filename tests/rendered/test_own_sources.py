"""The examples of the page `own-sources` deliver: from files, a table, and a real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from . import own_sources
from .own_sources import EXAMPLES, ORDERS
from .postgres import execute, start_postgres

COMPUTES = ("serverless", "classic")


@pytest.fixture(scope="module")
def database() -> Iterator[int]:
    with start_postgres() as port:
        columns = "order_id text, placed_at timestamptz, amount numeric(9,2)"
        execute(port, f"CREATE TABLE orders ({columns})")
        rows = ", ".join(f"('{id}', '{at.isoformat()}', {amount})" for id, at, amount in ORDERS)
        execute(port, f"INSERT INTO orders VALUES {rows}")
        yield port


@pytest.fixture(scope="module")
def played(
    database: int, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows and the plan of each example, by kind of compute."""
    found, env = {}, {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for compute in COMPUTES:
        command = [own_sources.__file__, compute, str(database), str(tmp_path_factory.mktemp("x"))]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False, env=env
        )
        assert done.returncode == 0, done.stderr
        found[compute] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("compute", COMPUTES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_delivers_the_rows_of_the_window(
    played: Any, compute: str, example: str
) -> None:
    within = [(id, f"{at:%Y-%m-%d %H:%M:%S}", str(amount), []) for id, at, amount in ORDERS[1:3]]
    assert [tuple(row) for row in played[compute][example]["rows"]] == within


@pytest.mark.parametrize("compute", COMPUTES)
@pytest.mark.parametrize(
    ("example", "marks"),
    [("files", ">= 2013-03-10), (day#"), ("database", "*GreaterThanOrEqual(placed_at,2013-03-10")],
)
def test_an_example_reads_the_window_alone(
    played: Any, compute: str, example: str, marks: str
) -> None:
    plan = played[compute][example]["plan"]
    assert marks in plan, plan


@pytest.mark.parametrize("compute", COMPUTES)
def test_a_schema_that_is_not_listed_is_refused_with_what_to_do(played: Any, compute: str) -> None:
    said = "source_schemas lists no schema store (listed: shop): add store=CATALOG.SCHEMA"
    assert played[compute]["unlisted"]["refused"].startswith(said)
