"""Refuses what serverless compute refuses, so that a fault shows before the deployment.

The rules are those of Databricks' page "Serverless compute limitations". RDDs, the Spark context
and the JVM are not in Spark Connect at all: its client refuses them by name. The memory of a UDF,
1 GB on serverless, is not limited here. Databases are reached by connections of Unity Catalog; each
one is a file here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import grpc
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.plan import LocalRelation
from pyspark.sql.connect.readwriter import DataFrameReader
from pyspark.sql.connect.session import SparkSession

# Databricks' page "Configure Spark properties for serverless notebooks and jobs" has no others.
SETTINGS = frozenset(
    {
        "spark.databricks.execution.timeout",
        "spark.sql.ansi.enabled",
        "spark.sql.files.maxPartitionBytes",
        "spark.sql.legacy.timeParserPolicy",
        "spark.sql.session.timeZone",
        "spark.sql.shuffle.partitions",
    }
)
LARGEST_ROW = 128 * 1024**2
SET = re.compile(r"\s*(?:re)?set\s+[`'\"]?(spark\.[\w.]+)", re.IGNORECASE)
CACHE = re.compile(r"\s*(?:un)?cache\s", re.IGNORECASE)
GLOBAL_VIEW = re.compile(r"\s*create\s+(?:or\s+replace\s+)?global\s+temp", re.IGNORECASE)
JDBC_TABLE = re.compile(r"\busing\s+(?:org\.apache\.spark\.sql\.)?jdbc\b", re.IGNORECASE)
CONNECTION = "databricks.connection"
ADDRESS = f"a database's address: name a connection of Unity Catalog, option {CONNECTION}"
TRIGGER = "a stream that does not end: trigger with availableNow=True, from a schedule"
CACHING = "cache and persist: write a table, or compute the rows again"
GLOBAL = "global temporary views: make one of this session, or a table"


class ServerlessError(PySparkException):
    """A call that serverless compute does not have; nothing was executed."""

    def __init__(self, refused: str) -> None:
        super().__init__(f"serverless compute refuses {refused}")


class ServerlessSession(SparkSession):
    """A session of Spark Connect that also refuses what a request does not show.

    Attributes:
        connections: The folder that has the options of each connection, as NAME.json.
    """

    connections: Path | None = None

    @property
    def read(self) -> DataFrameReader:
        """A reader that reaches databases by connections alone."""
        return ServerlessReader(self)

    def _cache_local_relation(self, local_relation: LocalRelation, *limits: int) -> Any:
        # Each frame of local data of 1 MB or more comes by here.
        if has_large_row(local_relation._table):
            raise ServerlessError("a row of local data above 128 MB: read the row from a file")
        return super()._cache_local_relation(local_relation, *limits)


class ServerlessReader(DataFrameReader):
    """Reads databases by a connection of Unity Catalog, which is a file here."""

    _client: ServerlessSession

    def load(self, path: Any = None, format: Any = None, *args: Any, **options: Any) -> DataFrame:
        """See Spark.

        Raises:
            ServerlessError: A database is named by its address, or the connection has no file.
        """
        self.format(format or self._format)
        self.options(**options)
        if self._format == "jdbc":
            self.options(**self._open_connection())
        return super().load(path, None, *args)

    def jdbc(self, *_: Any, **__: Any) -> NoReturn:
        """Refuses what takes an address."""
        raise ServerlessError(ADDRESS)

    def _open_connection(self) -> dict[str, str]:
        name = self._options.pop(CONNECTION, None)
        if not name or "url" in self._options:
            raise ServerlessError(ADDRESS)
        file = self._client.connections and self._client.connections / f"{name}.json"
        if not file or not file.exists():
            told = f"the connection {name}, which is not there: put url, user and password into"
            raise ServerlessError(f"{told} {file}, as JSON")
        options: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return options


def has_large_row(table: pa.Table) -> bool:
    """Whether one row holds more than `LARGEST_ROW` bytes."""
    if table.nbytes <= LARGEST_ROW:
        return False
    half = len(table) // 2
    return not half or has_large_row(table[:half]) or has_large_row(table[half:])


class Refusals(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Looks at each request to the server, and lets pass what serverless accepts.

    Raises:
        ServerlessError: Out of the call that made the request.
    """

    def intercept_unary_unary(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        """See grpc."""
        return _judge(go_on, details, request)

    def intercept_unary_stream(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        """See grpc."""
        return _judge(go_on, details, request)


def _judge(go_on: Callable[..., Any], details: Any, request: Any) -> Any:
    for refused in find_refused(request):
        raise ServerlessError(refused)
    return go_on(details, request)


def find_refused(request: Any) -> Iterator[str]:
    """Finds what serverless refuses of a request of Spark Connect's protocol."""
    kind = type(request).__name__
    if kind == "ConfigRequest":
        asked = request.operation
        # A builder's options are set silently: serverless leaves those out that it does not know.
        changed = () if asked.set.silent else [pair.key for pair in asked.set.pairs]
        yield from map(_describe_setting, {*changed, *asked.unset.keys} - SETTINGS)
    elif kind == "AnalyzePlanRequest" and request.WhichOneof("analyze") in ("persist", "unpersist"):
        yield CACHING
    elif kind == "ExecutePlanRequest":
        yield from _find_in_plan(request.plan)


def _find_in_plan(plan: Any) -> Iterator[str]:
    if plan.root.catalog.WhichOneof("cat_type") in ("cache_table", "uncache_table"):
        yield CACHING
    if plan.command.create_dataframe_view.is_global:
        yield GLOBAL
    if plan.command.HasField("write_stream_operation_start"):
        start = plan.command.write_stream_operation_start
        yield from [] if start.WhichOneof("trigger") == "available_now" else [TRIGGER]
    told = plan.command.sql_command.input
    text = told.sql.query or told.with_relations.root.sql.query
    yield from map(_describe_setting, set(SET.findall(text)) - SETTINGS)
    yield from [CACHING] if CACHE.match(text) else []
    yield from [GLOBAL] if GLOBAL_VIEW.match(text) else []
    yield from [ADDRESS] if JDBC_TABLE.search(text) else []


def _describe_setting(name: str) -> str:
    return f"the setting {name}: there are {', '.join(sorted(SETTINGS))}"
