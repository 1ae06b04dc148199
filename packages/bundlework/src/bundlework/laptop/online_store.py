"""Answers what the feature client asks of online stores, by tables of a PostgreSQL server.

The client's own code publishes; this is the part of a workspace's API that the client calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import uuid4

from databricks.sdk.errors import NotFound
from databricks.sdk.service.ml import OnlineStore, OnlineStoreState, PublishTableResponse
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

# The types that the platform's online tables have.
TYPES = {
    "boolean": "boolean",
    "date": "date",
    "double": "double precision",
    "int": "integer",
    "bigint": "bigint",
    "string": "text",
    "timestamp": "timestamptz",
}


@dataclass(frozen=True)
class OnlineTable:
    """A table that is published.

    Attributes:
        name: catalog.schema.table, which are database, schema and table.
        keys: The columns by which a row is looked up.
        time: The column that tells which row of a key is the latest; empty where each has one.
        types: Spark's types of the columns, by name.
    """

    name: str
    keys: tuple[str, ...]
    time: str
    types: dict[str, str]


class OnlineStores:
    """A `WorkspaceClient`, as far as the feature client publishes with it.

    Args:
        find_keys: Finds the keys and the time keys of a feature table.
        folder: Keeps the server's data, and what is published.
    """

    def __init__(
        self,
        spark: SparkSession,
        find_keys: Callable[[str], tuple[list[str], list[str]]],
        folder: Path,
    ) -> None:
        self._spark = spark
        self._find_keys = find_keys
        self._folder = folder
        self.feature_store = self
        self.tables = SimpleNamespace(get=self._describe_table)
        self.database = SimpleNamespace(get_synced_database_table=self._find_synced)

    def __getattr__(self, attribute: str) -> NoReturn:
        raise NotImplementedError(f"WorkspaceClient.{attribute} needs a Databricks workspace")

    def get_online_store(self, name: str) -> OnlineStore:
        """Finds a store.

        Raises:
            NotFound: There is none of that name.
        """
        stores = _read(self._folder)["stores"]
        if name not in stores:
            raise NotFound(f"there is no online store {name}")
        state = OnlineStoreState.AVAILABLE
        return OnlineStore(name=name, capacity=stores[name], state=state)

    def create_online_store(self, online_store: OnlineStore) -> OnlineStore:
        """Makes a store."""
        known = _read(self._folder)
        stores = {**known["stores"], online_store.name: online_store.capacity}
        _write(self._folder, {**known, "stores": stores})
        return self.get_online_store(online_store.name)

    def publish_table(self, source_table_name: str, publish_spec: Any) -> PublishTableResponse:
        """Brings the latest row of each key to a table; an older row never replaces a newer one."""
        self.get_online_store(publish_spec.online_store)
        frame = self._spark.table(source_table_name)
        keys, times = self._find_keys(source_table_name)
        types = {field.name: field.dataType.simpleString() for field in frame.schema}
        time = times[0] if times else ""
        table = OnlineTable(publish_spec.online_table_name, tuple(keys), time, types)
        is_changed = list_published(self._folder).get(source_table_name) != table
        upsert_rows(self._folder, table, take_latest(frame, table), anew=is_changed)
        known = _read(self._folder)
        tables = {**known["tables"], source_table_name: asdict(table)}
        _write(self._folder, {**known, "tables": tables})
        return PublishTableResponse(online_table_name=table.name)

    def _describe_table(self, name: str) -> SimpleNamespace:
        rows = self._spark.sql(f"SHOW TBLPROPERTIES {name}").collect()
        return SimpleNamespace(properties={row.key: row.value for row in rows})

    def _find_synced(self, name: str) -> None:
        # A table that is there is brought up to date as a new one is filled.
        raise NotFound(name)


class LocalEndpoints:
    """Notes which version an endpoint is to serve; `bundlework serve` serves that version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serve(self, name: str, model: str, version: int) -> None:
        """Notes the version."""
        known = _read(self._folder)
        endpoints = {**known["endpoints"], name: {"model": model, "version": version}}
        _write(self._folder, {**known, "endpoints": endpoints})


def find_served(folder: Path, name: str) -> tuple[str, int] | None:
    """Finds the model and the version that an endpoint is to serve; None where it has none."""
    told = _read(folder)["endpoints"].get(name)
    return (told["model"], told["version"]) if told else None


def list_published(folder: Path) -> dict[str, OnlineTable]:
    """Lists the tables that are published, by the name of the feature table."""
    told = _read(folder)["tables"]
    return {name: OnlineTable(**{**t, "keys": tuple(t["keys"])}) for name, t in told.items()}


def take_latest(rows: DataFrame, table: OnlineTable) -> DataFrame:
    """Takes the latest row of each key."""
    if not table.time:
        return rows
    rank = F.row_number().over(Window.partitionBy(*table.keys).orderBy(F.desc(table.time)))
    return rows.withColumn("rank of row", rank).where("`rank of row` = 1").drop("rank of row")


def upsert_rows(folder: Path, table: OnlineTable, rows: DataFrame, *, anew: bool = False) -> None:
    """Inserts rows, or replaces those of the same keys that are not newer, in one transaction.

    Args:
        anew: Whether the table is dropped first, since it may have other columns or keys.
    """
    from psycopg.sql import SQL, Identifier

    from .postgres import connect, run_server

    database, schema, name = table.name.split(".")
    staged = Identifier(f"staged {uuid4().hex}")
    target = SQL("{}.{}").format(Identifier(schema), Identifier(name))
    columns = list(table.types)
    with run_server(folder) as socket, connect(socket, database) as connection:
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        if anew:
            connection.execute(SQL("DROP TABLE IF EXISTS {}").format(target))
        connection.execute(_define(target, table))
        like = SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(staged, target)
        connection.execute(like)
        listed = SQL(", ").join(map(Identifier, columns))
        with connection.cursor().copy(
            SQL("COPY {} ({}) FROM STDIN").format(staged, listed)
        ) as copy:
            for row in rows.select(*columns).toLocalIterator():
                copy.write_row(row)
        connection.execute(_merge(target, staged, table))


def _define(target: Any, table: OnlineTable) -> Any:
    from psycopg.sql import SQL, Identifier

    columns = [SQL("{} " + TYPES[told]).format(Identifier(n)) for n, told in table.types.items()]
    key = SQL("PRIMARY KEY ({})").format(SQL(", ").join(map(Identifier, table.keys)))
    listed = SQL(", ").join([*columns, key])
    return SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(target, listed)


def _merge(target: Any, staged: Any, table: OnlineTable) -> Any:
    from psycopg.sql import SQL, Identifier

    others = [Identifier(name) for name in table.types if name not in table.keys]
    names = SQL(", ").join(map(Identifier, table.types))
    keys = SQL(", ").join(map(Identifier, table.keys))
    pairs = SQL(", ").join(SQL("{0} = excluded.{0}").format(name) for name in others)
    is_newer = SQL("excluded.{0} >= old.{0}").format(Identifier(table.time))
    return SQL(
        "INSERT INTO {} AS old ({}) SELECT {} FROM {} ON CONFLICT ({}) DO UPDATE SET {} WHERE {}"
    ).format(target, names, names, staged, keys, pairs, is_newer if table.time else SQL("true"))


def _read(folder: Path) -> dict[str, Any]:
    file = folder / "published.json"
    empty: dict[str, Any] = {"stores": {}, "tables": {}, "endpoints": {}}
    return json.loads(file.read_text()) if file.exists() else empty


def _write(folder: Path, record: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "published.draft"
    draft.write_text(json.dumps(record, indent=1))
    draft.replace(folder / "published.json")
