"""The real feature client publishes to a real PostgreSQL; the latest row of each key stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import NotFound

from bundlework.laptop.online_store import LocalEndpoints, OnlineTable, find_served, upsert_rows
from bundlework.laptop.postgres import connect, run_server
from bundlework.laptop.workspace import ONLINE, LocalWorkspace

NOON = dt.datetime(2013, 6, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SCHEMA = "maker string, at timestamp, size double, number int"
FED = "ALTER TABLE {} SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    state = tmp_path_factory.mktemp("state ü")
    local = LocalWorkspace(state, ["dev.features"])
    opened = local.bind("flight_delays.platform.workspace", None)
    yield opened, state / ONLINE
    local.close()


def write(opened: Any, name: str, *rows: tuple[Any, ...], keys: tuple[str, ...]) -> None:
    """Writes rows to a feature table, which is made when it is missing."""
    frame = opened.spark.createDataFrame(rows, SCHEMA)
    if not opened.spark.catalog.tableExists(name):
        time = "at" if "at" in keys else None
        opened.features.create_table(
            name=name, primary_keys=list(keys), timeseries_column=time, schema=frame.schema
        )
        opened.spark.sql(FED.format(name))
    opened.features.write_table(name=name, df=frame)


def publish(opened: Any, name: str) -> None:
    client = opened.features
    store = client.get_online_store(name="toys")
    store = store or client.create_online_store(name="toys", capacity="CU_1")
    client.publish_table(
        online_store=store, source_table_name=name, online_table_name=f"{name}_online"
    )


def read(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, in order."""
    with run_server(folder) as socket, connect(socket, "dev") as connection:
        found = connection.execute(f"SELECT * FROM features.{table} ORDER BY maker")
        return found.fetchall()


def test_the_latest_row_of_each_key_is_published_and_replaced(workspace: tuple[Any, Path]) -> None:
    opened, folder = workspace
    name, keys = "dev.features.sizes", ("maker", "at")
    write(opened, name, ("a", NOON, 1.0, 1), ("a", NOON - HOUR, 2.0, 2), ("b", NOON, None, 3),
          keys=keys)  # fmt: skip
    publish(opened, name)
    assert read(folder, "sizes_online") == [("a", NOON, 1.0, 1), ("b", NOON, None, 3)]
    write(opened, name, ("a", NOON + HOUR, 5.0, 5), ("c", NOON, 6.0, None), keys=keys)
    for _ in range(2):
        publish(opened, name)
        assert read(folder, "sizes_online") == [
            ("a", NOON + HOUR, 5.0, 5),
            ("b", NOON, None, 3),
            ("c", NOON, 6.0, None),
        ]


def test_a_table_that_gets_another_column_or_type_is_published_anew(
    workspace: tuple[Any, Path],
) -> None:
    opened, folder = workspace
    name = "dev.features.growing"
    write(opened, name, ("a", NOON, 1.0, 1), keys=("maker", "at"))
    publish(opened, name)
    opened.spark.sql(f"ALTER TABLE {name} ADD COLUMN colour string")
    publish(opened, name)
    assert read(folder, "growing_online") == [("a", NOON, 1.0, 1, None)]
    opened.spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')")
    opened.spark.sql(f"ALTER TABLE {name} ALTER COLUMN number TYPE bigint")
    opened.spark.sql(f"UPDATE {name} SET number = 5000000000")
    publish(opened, name)
    assert read(folder, "growing_online") == [("a", NOON, 1.0, 5_000_000_000, None)]


def test_an_older_row_replaces_no_newer_one(workspace: tuple[Any, Path]) -> None:
    opened, folder = workspace
    types = {"maker": "string", "at": "timestamp", "size": "double", "number": "int"}
    table = OnlineTable("dev.features.newest", ("maker",), "at", types)
    for time, size in ((NOON, 1.0), (NOON - HOUR, 2.0), (NOON, 3.0)):
        upsert_rows(folder, table, opened.spark.createDataFrame([("a", time, size, 1)], SCHEMA))
    assert read(folder, "newest") == [("a", NOON, 3.0, 1)]


def test_a_table_without_a_time_key_is_published_as_it_is(workspace: tuple[Any, Path]) -> None:
    opened, folder = workspace
    for size in (1.0, 2.0):
        write(opened, "dev.features.facts", ("a", NOON, size, 1), keys=("maker",))
        publish(opened, "dev.features.facts")
    assert read(folder, "facts_online") == [("a", NOON, 2.0, 1)]


def test_the_clients_own_checks_are_made(workspace: tuple[Any, Path]) -> None:
    opened, _ = workspace
    name = "dev.features.unfed"
    opened.features.create_table(
        name=name, primary_keys=["maker"], schema=opened.spark.createDataFrame([], SCHEMA).schema
    )
    with pytest.raises(ValueError, match="requires change data feed enabled on the table"):
        publish(opened, name)
    assert opened.features.get_online_store(name="nowhere") is None
    with pytest.raises(NotImplementedError, match="pipelines needs a Databricks workspace"):
        opened.features._workspace_client.pipelines.get("1")


def test_the_store_must_be_there(workspace: tuple[Any, Path]) -> None:
    opened, _ = workspace
    with pytest.raises(NotFound, match="there is no online store nowhere"):
        opened.features._workspace_client.feature_store.get_online_store("nowhere")


def test_a_server_that_runs_is_shared_and_left_running(tmp_path: Path) -> None:
    with run_server(tmp_path) as socket:
        with run_server(tmp_path) as other:
            assert other == socket
        with connect(socket, "dev") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not Path(socket).exists()


def test_what_an_endpoint_is_to_serve_is_noted(tmp_path: Path) -> None:
    assert find_served(tmp_path, "dev-toys") is None
    LocalEndpoints(tmp_path).serve("staging-toys", "staging.models.model", 7)
    for version in (1, 2):
        LocalEndpoints(tmp_path).serve("dev-toys", "dev.models.model", version)
    assert find_served(tmp_path, "dev-toys") == ("dev.models.model", 2)
    assert find_served(tmp_path, "staging-toys") == ("staging.models.model", 7)
    assert find_served(tmp_path, "prod-toys") is None
