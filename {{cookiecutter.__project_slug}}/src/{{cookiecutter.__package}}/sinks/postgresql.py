"""A table of PostgreSQL that holds the predictions in force, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal, LiteralString

import psycopg
from psycopg import sql
from pydantic import AfterValidator, StringConstraints
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, MapType, StructType
from pyspark.sql.utils import is_remote

from ..use_case.problem import PROBLEM
from .base import Handover, Secret, Sink, SinkError
from .batches import IS_REMOVED

# PostgreSQL's names of Spark's types.
TYPES = {
    "bigint": "bigint",
    "boolean": "boolean",
    "date": "date",
    "double": "double precision",
    "int": "integer",
    "string": "text",
    "timestamp": "timestamptz",
}
# Many rows at once: twice as fast as by Spark's own numbers.
LOADING = {
    "driver": "org.postgresql.Driver",
    "batchsize": "10000",
    "reWriteBatchedInserts": "true",
}
SECONDS = 30


def refuse_password(address: str) -> str:
    """Refuses an address with a password: no secret stands in a file."""
    if "password=" in address:
        raise ValueError("leave the password out of the address, and name its secret in password")
    return address


class PostgresqlSink(Sink):
    """The predictions in force, a row for each example.

    Rows are loaded into a table of their own, and one transaction puts them in place: readers see
    a batch whole or not at all, and each batch once. Rows are loaded by JDBC, which serverless
    compute does not have.

    Attributes:
        address: `postgresql://host:port/database?sslmode=require`.
        table: Is made where it is missing, and gets the columns that it lacks.
        user, password: Secrets.
    """

    kind: Literal["postgresql"]
    address: Annotated[
        str, StringConstraints(pattern=r"^postgresql://[^@\s]+$"), AfterValidator(refuse_password)
    ]
    table: Annotated[str, StringConstraints(pattern=r"^([a-z_]\w*\.)?[a-z_]\w*$")]
    user: Secret
    password: Secret

    def write(self, handover: Handover) -> None:
        """Loads the rows, and puts them in place in one transaction; see `Sink`."""
        if is_remote():
            raise SinkError("kind postgresql needs classic compute: serverless has no JDBC")
        user, password = map(handover.read_secret, (self.user, self.password))
        connect = partial(psycopg.connect, self.address, user=user, password=password)
        rows, staged = write_maps_as_json(handover.rows), f"{self.table}_staged"
        with connect(connect_timeout=SECONDS) as connection:
            Place(connection, self.table, staged).prepare(rows.schema)
        login = {"user": user, "password": password}
        loading = rows.write.mode("append").options(**LOADING)
        loading.jdbc(f"jdbc:{self.address}", staged, properties=login)
        with connect(connect_timeout=SECONDS) as connection:
            Place(connection, self.table, staged).fill(rows.columns, handover)


@dataclass(frozen=True)
class Place:
    """Where rows go, in a transaction.

    Attributes:
        table: Its rows are the predictions in force.
        staged: Its rows are a batch that nobody sees yet.
    """

    connection: psycopg.Connection[tuple[int]]
    table: str
    staged: str

    @property
    def index(self) -> str:
        """The name of the index over the key, which lies in the schema of the table."""
        return f"{self.table.split('.')[-1]}_key"

    def prepare(self, schema: StructType) -> None:
        """Makes the table with all its columns, and an empty one for the batch."""
        self._do("CREATE TABLE IF NOT EXISTS {table} ()")
        types = {field.name: sql.SQL(name_type(field.dataType)) for field in schema}
        for name, kind in types.items():
            if name != IS_REMOVED:
                column = {"name": sql.Identifier(name), "type": kind}
                self._do("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {type}", **column)
        key = _list_names(PROBLEM.key)
        self._do("CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} ({key})", key=key)
        columns = (sql.SQL("{} {}").format(sql.Identifier(n), kind) for n, kind in types.items())
        self._do("DROP TABLE IF EXISTS {staged}")
        # Without a log it is filled faster. A server that crashes empties it: `fill` counts rows.
        self._do("CREATE UNLOGGED TABLE {staged} ({columns})", columns=sql.SQL(", ").join(columns))

    def fill(self, columns: list[str], handover: Handover) -> None:
        """Puts the batch in place.

        Raises:
            SinkError: The batch was not loaded as a whole.
        """
        # The transaction of a run that was killed may go on for a second.
        self.connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [self.table])
        loaded = self._do("SELECT count(*) FROM {staged}").fetchone()
        if loaded != (handover.count,):
            raise SinkError(f"{self.staged} has {loaded} rows in place of {handover.count}")
        if handover.number == 1:
            self._do("DELETE FROM {table}")
        same = (sql.SQL("old.{0} = new.{0}").format(sql.Identifier(n)) for n in PROBLEM.key)
        delete = "DELETE FROM {table} AS old USING {staged} AS new WHERE {same}"
        self._do(delete, same=sql.SQL(" AND ").join(same))
        told = _list_names(name for name in columns if name != IS_REMOVED)
        insert = "INSERT INTO {table} ({told}) SELECT {told} FROM {staged} WHERE NOT {is_removed}"
        self._do(insert, told=told, is_removed=sql.Identifier(IS_REMOVED))
        self._do("DROP TABLE {staged}")

    def _do(self, statement: LiteralString, **parts: sql.Composable) -> psycopg.Cursor[tuple[int]]:
        names = {"table": self.table, "staged": self.staged, "index": self.index}
        quoted = {role: sql.Identifier(*name.split(".")) for role, name in names.items()}
        return self.connection.execute(sql.SQL(statement).format(**quoted, **parts))


def _list_names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def name_type(kind: DataType) -> str:
    """Names PostgreSQL's type of a Spark type."""
    if isinstance(kind, DecimalType):
        return f"numeric({kind.precision},{kind.scale})"
    return TYPES[kind.simpleString()]


def write_maps_as_json(rows: DataFrame) -> DataFrame:
    """Makes a text of each map, which the driver does not know."""
    maps = [field.name for field in rows.schema if isinstance(field.dataType, MapType)]
    return rows.withColumns({name: F.to_json(name) for name in maps})
