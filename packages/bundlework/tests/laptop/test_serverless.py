"""The session refuses by name, before anything is executed, the calls that serverless refuses."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from delta.tables import DeltaTable
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from bundlework.errors import Refusal
from bundlework.laptop.serverless import ServerlessError, ServerlessSession, has_large_row
from bundlework.laptop.spark import ANNOUNCED, build_session
from bundlework.laptop.tasks import Executor, TaskTimeout, TaskValues
from bundlework.laptop.workspace import LocalWorkspace

REFUSED: dict[str, tuple[str, Callable[[SparkSession], object]]] = {
    "setting": (
        "the setting spark.sql.adaptive.enabled: there are spark.databricks.execution.timeout",
        lambda spark: spark.conf.set("spark.sql.adaptive.enabled", "true"),
    ),
    "unset": ("spark.sql.x", lambda spark: spark.conf.unset("spark.sql.x")),
    "setting in SQL": ("spark.sql.x", lambda spark: spark.sql("SET spark.sql.x=1")),
    "reset in SQL": ("spark.sql.x", lambda spark: spark.sql("RESET spark.sql.x")),
    "cache": ("cache and persist", lambda spark: spark.range(1).cache()),
    "persist": ("cache and persist", lambda spark: spark.range(1).persist()),
    "cache in SQL": ("cache and persist", lambda spark: spark.sql("CACHE TABLE t")),
    "cached table": ("cache and persist", lambda spark: spark.catalog.cacheTable("t")),
    "global view": (
        "global temporary views",
        lambda spark: spark.range(1).createOrReplaceGlobalTempView("v"),
    ),
    "global view in SQL": (
        "global temporary views",
        lambda spark: spark.sql("CREATE OR REPLACE GLOBAL TEMPORARY VIEW v AS SELECT 1"),
    ),
    "global view of a frame in SQL": (
        "global temporary views",
        lambda spark: spark.sql(
            "CREATE GLOBAL TEMP VIEW v AS SELECT * FROM {rows}", rows=spark.range(1)
        ),
    ),
    "a large row": (
        "a row of local data above 128 MB",
        lambda spark: spark.createDataFrame(pd.DataFrame({"text": ["small", "x" * 129 * 2**20]})),
    ),
    "a stream that does not end": (
        "a stream that does not end: trigger with availableNow=True",
        lambda spark: spark.readStream.format("rate").load().writeStream.format("noop").start(),
    ),
    "a database by its address": (
        "a database's address: name a connection of Unity Catalog",
        lambda spark: spark.read.format("jdbc").option("url", "jdbc:x:y").load(),
    ),
    "a database in one call": (
        "a database's address",
        lambda spark: spark.read.jdbc("jdbc:x:y", "orders"),
    ),
    "a database in SQL": (
        "a database's address",
        lambda spark: spark.sql("CREATE TEMP VIEW v USING jdbc OPTIONS (url 'jdbc:x:y')"),
    ),
    "a connection without a file": (
        "the connection shop, which is not there: .*connections/shop.json",
        lambda spark: spark.read.load(format="jdbc", **{"databricks.connection": "shop"}),
    ),
}
NOT_IN_CONNECT: dict[str, Callable[[Any], object]] = {
    "sparkContext": lambda spark: spark.sparkContext,
    "_jvm": lambda spark: spark._jvm,
    "_jsparkSession": lambda spark: spark._jsparkSession,
    "_jdf": lambda spark: spark.range(1)._jdf,
    "rdd": lambda spark: spark.range(1).rdd,
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    opened = LocalWorkspace(tmp_path_factory.mktemp("ws"), ["dev.sales"], serverless=True)
    yield opened
    opened.close()


@pytest.fixture
def spark(workspace: LocalWorkspace) -> SparkSession:
    return workspace.spark


@pytest.mark.parametrize("call", REFUSED)
def test_what_serverless_lacks_is_refused_by_name(spark: SparkSession, call: str) -> None:
    said, act = REFUSED[call]
    with pytest.raises(ServerlessError, match=f"serverless compute refuses .*{said}"):
        act(spark)


@pytest.mark.parametrize("name", NOT_IN_CONNECT)
def test_what_spark_connect_lacks_is_refused_by_name(spark: SparkSession, name: str) -> None:
    with pytest.raises(PySparkException, match=f"{name}.* is not (supported|implemented)"):
        NOT_IN_CONNECT[name](spark)


def test_what_serverless_has_is_accepted(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.sql("SET spark.sql.ansi.enabled=true")
    spark.range(3).createOrReplaceTempView("three")
    assert spark.sql("SELECT 'cache me' AS word FROM three").count() == 3
    many = pd.DataFrame({"text": ["x" * 2**20] * 130})
    assert spark.createDataFrame(many).select(F.sum(F.length("text"))).first()[0] == 130 * 2**20


def test_a_large_row_is_found_among_small_ones() -> None:
    sizes = [1, 129 * 2**20, 5]
    assert has_large_row(pa.table({"text": ["x" * size for size in sizes]}))
    assert not has_large_row(pa.table({"text": ["x" * 2**20] * 200}))


def test_libraries_find_the_session(spark: SparkSession) -> None:
    assert SparkSession.builder.getOrCreate() is spark
    assert SparkSession.getActiveSession() is spark


def test_a_child_of_the_process_has_a_session_of_its_own(
    spark: SparkSession, tmp_path: Path
) -> None:
    child = (
        "import sys; from pathlib import Path; from bundlework.laptop.spark import build_session;"
        " spark = build_session(Path(sys.argv[1]), [], serverless=True);"
        " print(spark.range(3).count())"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["3"], done.stderr


def test_a_jar_that_nobody_has_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for inherited in ANNOUNCED:
        monkeypatch.delenv(inherited, raising=False)
    said = r"no\.such:driver:1 cannot be fetched: .*unresolved dependency: no\.such#driver;1"
    with pytest.raises(Refusal, match=said):
        build_session(tmp_path, [], serverless=True, jars=["no.such:driver:1"])
    assert not list(tmp_path.rglob("complete"))


def test_a_timeout_ends_a_query_and_the_next_one_works(workspace: LocalWorkspace) -> None:
    spark = workspace.spark
    executor = Executor(lambda _: None, workspace, module="")
    slow = "SELECT java_method('java.lang.Thread', 'sleep', 60000L)"
    executor._run_script = lambda *_: spark.sql(slow).collect()  # type: ignore[method-assign]
    began = time.monotonic()
    with pytest.raises(TaskTimeout):
        executor.execute(
            {"spark_python_task": {}, "timeout_seconds": 1}, TaskValues(lambda *_: None)
        )
    assert spark.range(2).count() == 2
    assert time.monotonic() - began < 30


@pytest.fixture
def prices(spark: SparkSession) -> Iterator[str]:
    spark.sql("CREATE TABLE dev.sales.prices (`the-key` INT, x DOUBLE, y DOUBLE) USING delta")
    spark.sql("INSERT INTO dev.sales.prices VALUES (1, 1.0, 1.0), (2, 2.0, 2.0)")
    yield "dev.sales.prices"
    spark.sql("DROP TABLE dev.sales.prices")


def test_a_merge_replaces_and_inserts(spark: SparkSession, prices: str) -> None:
    new = spark.createDataFrame([(2, 20.0), (3, 30.0)], "`the-key` INT, x DOUBLE").alias("new")
    table = DeltaTable.forName(spark, prices)
    merge = table.alias("old").merge(new, "old.`the-key` = new.`the-key`")
    merge = merge.whenNotMatchedInsert(
        values={"`the-key`": "new.`the-key`", "x": "new.x", "y": F.lit(None)}
    )
    merge.whenMatchedUpdate(set={"x": "new.x", "y": "old.y"}).execute()
    rows = [tuple(row) for row in table.toDF().orderBy("`the-key`").collect()]
    assert rows == [(1, 1.0, 1.0), (2, 20.0, 2.0), (3, 30.0, None)]


def test_a_table_that_is_not_there_is_an_error_of_analysis(spark: SparkSession) -> None:
    with pytest.raises(AnalysisException, match="missing"):
        DeltaTable.forName(spark, "dev.sales.missing")


UNKNOWN: dict[str, Callable[[Any, Any, str], object]] = {
    "DeltaTable.delete": lambda _, table, __: table.delete("x = 1"),
    "DeltaTable.forPath": lambda spark, _, __: DeltaTable.forPath(spark, "/x"),
    "DeltaMergeBuilder.whenMatchedDelete": lambda spark, table, name: table.merge(
        spark.table(name).alias("new"), "true"
    ).whenMatchedDelete(),
    "in a merge": lambda spark, table, name: table.merge(
        spark.table(name).alias("new"), "true"
    ).whenMatchedUpdate(set={"x": F.lit(1)}),
}


@pytest.mark.parametrize("call", UNKNOWN)
def test_what_the_stand_in_for_delta_table_lacks_is_refused_by_name(
    spark: SparkSession, prices: str, call: str
) -> None:
    with pytest.raises(NotImplementedError, match=f"{call} over Spark Connect"):
        UNKNOWN[call](spark, DeltaTable.forName(spark, prices), prices)


def test_a_stopped_session_leaves_room_for_another(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    workspace.close()
    assert not {"SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED"} & set(os.environ)
    for serverless in (True, False, True):
        opened = LocalWorkspace(tmp_path, ["dev.sales"], serverless=serverless)
        assert isinstance(opened.spark, ServerlessSession) == serverless
        assert opened.spark.range(3).count() == 3
        opened.close()
