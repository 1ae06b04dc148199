"""What the real feature client does here is what it does in a workspace."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from databricks.feature_engineering import FeatureLookup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType, TimestampType

from bundlework.laptop.catalogs import CatalogError, hash_rows, open_catalogs
from bundlework.laptop.feature_client import open_feature_client
from bundlework.laptop.workspace import LocalWorkspace

START = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
FEATURES = StructType(
    [
        StructField("key", StringType(), False),
        StructField("at", TimestampType(), False),
        StructField("x", DoubleType()),
        StructField("y", DoubleType()),
    ]
)


def minute(number: int) -> dt.datetime:
    return START + dt.timedelta(minutes=number)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    opened = LocalWorkspace(tmp_path_factory.mktemp("ws ü"), ["dev.features"])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def spark(workspace: LocalWorkspace) -> SparkSession:
    return workspace.spark


@pytest.fixture(scope="module")
def client(spark: SparkSession) -> Any:
    return open_feature_client(spark, ["dev"], Path("nowhere"))


@pytest.fixture(scope="module")
def table(client: Any, spark: SparkSession) -> str:
    name = "dev.features.probe"
    client.create_table(
        name=name, primary_keys=["key", "at"], timeseries_column="at", schema=FEATURES
    )
    rows = [("a", minute(0), 1.0, 1.0), ("a", minute(10), None, 2.0), ("b", minute(5), 5.0, 5.0)]
    client.write_table(name=name, df=spark.createDataFrame(rows, FEATURES))
    return name


def look_up(client: Any, spark: SparkSession, table: str, labels: list[Any], **options: Any) -> Any:
    frame = spark.createDataFrame(labels, "id int, key string, ts timestamp")
    lookup = FeatureLookup(
        table_name=table, lookup_key=["key"], timestamp_lookup_key="ts", **options
    )
    joined = client.create_training_set(df=frame, feature_lookups=[lookup], label=None).load_df()
    return [(r.id, r.x, r.y) for r in joined.orderBy("id").collect()]


def test_the_latest_row_at_or_before_the_label_wins_whole(
    client: Any, spark: SparkSession, table: str
) -> None:
    labels = [(1, "a", minute(9)), (2, "a", minute(10)), (3, "b", minute(4)), (4, "c", minute(9))]
    expected = [(1, 1.0, 1.0), (2, None, 2.0), (3, None, None), (4, None, None)]
    assert look_up(client, spark, table, labels) == expected


def test_repeated_labels_are_kept_and_those_without_time_dropped(
    client: Any, spark: SparkSession, table: str
) -> None:
    labels = [(1, "a", minute(1)), (2, "a", minute(1)), (3, "a", None)]
    assert look_up(client, spark, table, labels) == [(1, 1.0, 1.0), (2, 1.0, 1.0)]


def test_a_lookback_is_inclusive(client: Any, spark: SparkSession, table: str) -> None:
    labels = [(1, "b", minute(15)), (2, "b", minute(16))]
    window = dt.timedelta(minutes=10)
    expected = [(1, 5.0, 5.0), (2, None, None)]
    assert look_up(client, spark, table, labels, lookback_window=window) == expected


facts = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=12, unique=True)
asked = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-2, 32)), min_size=1, max_size=12)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(facts, asked), min_size=10, max_size=10))
def test_the_join_agrees_with_a_brute_force_oracle(
    client: Any, spark: SparkSession, cases: list[Any]
) -> None:
    known, labels, expected = [], [], []
    for case, (rows, questions) in enumerate(cases):
        known += [(f"{case}{k}", minute(t), float(t), 0.0) for k, t in rows]
        for key, at in questions:
            times = sorted(t for k, t in rows if k == key)
            before = bisect_right(times, at)
            labels.append((len(labels), f"{case}{key}", minute(at)))
            expected.append(float(times[before - 1]) if before else None)
    name = f"dev.features.oracle_{abs(hash(str(cases)))}"
    client.create_table(
        name=name, primary_keys=["key", "at"], timeseries_column="at", schema=FEATURES
    )
    client.write_table(name=name, df=spark.createDataFrame(known, FEATURES))
    assert [x for _, x, _ in look_up(client, spark, name, labels)] == expected


def write(client: Any, spark: SparkSession, table: str, *rows: Any) -> DataFrame:
    nullable = StructType([StructField(f.name, f.dataType) for f in FEATURES])
    client.write_table(name=table, df=spark.createDataFrame(rows, nullable))
    return spark.table(table)


def test_writing_merges_by_key(client: Any, spark: SparkSession, table: str) -> None:
    before = spark.table(table).count()
    rows = write(client, spark, table, ("m", minute(0), 1.0, 1.0))
    rows = write(client, spark, table, ("m", minute(0), 2.0, 2.0))
    assert rows.count() == before + 1
    assert rows.where("key = 'm'").collect()[0].x == 2.0


@pytest.mark.parametrize(
    "rows",
    [
        [("d", minute(0), 1.0, 1.0), ("d", minute(0), 2.0, 2.0)],
        [(None, minute(0), 1.0, 1.0)],
    ],
)
def test_repeated_and_null_keys_are_refused(
    client: Any, spark: SparkSession, table: str, rows: list[Any]
) -> None:
    before = spark.table(table).count()
    with pytest.raises(Exception, match=r"Non-unique rows|NULL"):
        write(client, spark, table, *rows)
    assert spark.table(table).count() == before


def test_creating_a_table_again_changes_nothing(
    client: Any, spark: SparkSession, table: str
) -> None:
    before = spark.table(table).count()
    client.create_table(
        name=table, primary_keys=["key", "at"], timeseries_column="at", schema=FEATURES
    )
    assert spark.table(table).count() == before


def test_a_table_that_was_registered_and_dropped_can_be_created(
    client: Any, spark: SparkSession
) -> None:
    folder = spark.catalog.getDatabase("dev.features").locationUri
    name, columns = "dev.features.dropped", "key string, at timestamp, x double, y double"
    spark.sql(f"CREATE TABLE {name} ({columns}) USING delta LOCATION '{folder}/dropped'")
    spark.sql(f"INSERT INTO {name} VALUES ('a', now(), 1, 1)")
    spark.sql(f"DROP TABLE {name}")
    keys = ["key", "at"]
    client.create_table(name=name, primary_keys=keys, timeseries_column="at", schema=FEATURES)
    assert client.get_table(name=name).primary_keys == keys
    assert spark.table(name).isEmpty()


def test_the_current_catalog_and_schema_are_those_of_the_session(
    client: Any, spark: SparkSession
) -> None:
    former = spark.catalog.currentDatabase()
    spark.catalog.setCurrentDatabase("features")
    try:
        asked = spark.sql("SELECT current_catalog(), current_database()").first()
        own = client._spark_client
        assert (own.get_current_catalog(), own.get_current_database()) == asked
        assert asked[1] == "features"
    finally:
        spark.catalog.setCurrentDatabase(former)


def test_what_needs_a_workspace_is_refused_by_name(client: Any, table: str) -> None:
    with pytest.raises(NotImplementedError, match="needs a Databricks workspace"):
        client.drop_table(name=table)


ASK = """
import sys
from pathlib import Path
from bundlework.laptop.workspace import LocalWorkspace
state, read_only = Path(sys.argv[1]), sys.argv[3:]
workspace = LocalWorkspace(state, [sys.argv[2]], read_only)
with workspace.guard():
    for statement in sys.stdin.read().split(";"):
        print("rows", workspace.spark.sql(statement).collect())
"""


def ask(state: Path, schema: str, sql: str, *read_only: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ASK, str(state), schema, *read_only]
    return subprocess.run(
        command, input=sql, capture_output=True, text=True, env=os.environ, check=False
    )


def leave_unfinished(table: Path) -> None:
    """What a kill just before the first commit of a table leaves."""
    (table / "_delta_log").mkdir(parents=True)
    (table / "_delta_log/.00000000000000000000.json.1.tmp").touch()


def test_tables_survive_the_process_and_a_move_and_catalogs_are_kept_apart(
    spark: SparkSession, tmp_path: Path
) -> None:
    state, moved = tmp_path / "eins ä", tmp_path / "zwei ö"
    leave_unfinished(state / "warehouse/prod/sales/t")
    made = ask(state, "prod.sales", "CREATE TABLE prod.sales.t USING delta AS SELECT 7 AS x")
    assert made.returncode == 0, made.stderr
    state.rename(moved)
    assert "x=7" in ask(moved, "prod.sales", "SELECT * FROM prod.sales.t").stdout
    both = "SELECT * FROM prod.sales.t; INSERT INTO prod.sales.t VALUES (8)"
    asked = ask(moved, "dev.mine", both, "prod")
    assert "x=7" in asked.stdout, asked.stderr
    assert "prod.sales.t: written, but this target may only read it" in asked.stderr
    with pytest.raises(CatalogError, match="on a laptop their names must differ"):
        open_catalogs(spark, moved / "warehouse", ["dev.sales"], ["prod"])


def test_a_hash_of_rows_tells_a_null_from_a_value_and_a_column_from_the_next(
    spark: SparkSession,
) -> None:
    def hash_one(*row: float | None) -> tuple[int, str]:
        return hash_rows(spark.createDataFrame([row], "a double, b double"))

    rows = [(50.0, None), (None, 50.0), (50.0, 50.0), (None, None), (0.0, None)]
    assert len({hash_one(*row) for row in rows}) == len(rows)
    assert hash_one(50.0, None) == hash_one(50.0, None)


def test_models_and_artifacts_survive_a_move(tmp_path: Path) -> None:
    from bundlework.laptop.tracking import open_tracking

    state, moved = tmp_path / "eins ä", tmp_path / "zwei ö"
    former = mlflow.get_tracking_uri()
    try:
        open_tracking(state)
        mlflow.set_experiment("/x")
        with mlflow.start_run() as run:
            mlflow.log_dict({"a": 1}, "facts.json")
        state.rename(moved)
        open_tracking(moved)
        path = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/facts.json")
        assert Path(path).read_text().replace(" ", "").replace("\n", "") == '{"a":1}'
    finally:
        mlflow.set_tracking_uri(former)
        mlflow.set_registry_uri(former)


def test_rows_with_equal_maps_have_one_hash(spark: SparkSession) -> None:
    made = ("map('a', 1, 'b', 2)", "map('b', 2, 'a', 1)", "map('a', 2, 'b', 1)", "map()")
    first, again, *others = (hash_rows(spark.sql(f"SELECT {text} AS scores")) for text in made)
    assert first == again
    assert len({first, *others}) == 3
