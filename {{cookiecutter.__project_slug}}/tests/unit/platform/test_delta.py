"""Rows that become a frame keep their values and the schema, also where all are null."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    DateType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from {{ cookiecutter.__package }}.platform.delta import (
    ISOLATION,
    RowError,
    append_new_rows,
    append_once,
    check_row,
    make_frame,
    upsert_rows,
)

STRUCT = StructType(
    [
        StructField("number", IntegerType(), nullable=False),
        StructField("day", DateType()),
        StructField("at", TimestampType()),
        StructField("value", DoubleType()),
        StructField("note", StringType()),
    ]
)
NOON = dt.datetime(2013, 6, 1, 12, tzinfo=dt.UTC)
ROWS = [{"number": 1, "day": NOON.date(), "at": NOON, "value": 1}, {"number": 2, "value": 0.5}]


def test_values_and_types_are_those_given(spark: SparkSession) -> None:
    frame = make_frame(spark, ROWS, STRUCT)
    assert frame.schema == STRUCT
    first, second = frame.orderBy("number").collect()
    assert (first.number, first.day, first.value, first.note) == (1, NOON.date(), 1.0, None)
    assert first["at"].astimezone(dt.UTC) == NOON
    assert tuple(second) == (2, None, None, 0.5, None)


def test_a_name_that_is_not_a_column_is_refused() -> None:
    with pytest.raises(RowError, match="not a column: values; there are number, day"):
        check_row({"number": 1, "values": 0.5}, STRUCT)


@pytest.mark.parametrize("row", [{"value": 0.5}, {"number": None, "value": 0.5}])
def test_a_row_without_a_required_value_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(RowError, match="required, but without a value: number"):
        check_row(row, STRUCT)


def test_a_write_that_comes_again_is_left_out(lakehouse: SparkSession) -> None:
    lakehouse.sql("CREATE TABLE dev.raw.once (number INT) USING delta")

    def append(writer: str, number: int, value: int) -> list[int]:
        rows = lakehouse.createDataFrame([(value,)], "number INT")
        append_once("dev.raw.once", rows, writer, number)
        return sorted(row.number for row in lakehouse.table("dev.raw.once").collect())

    assert append("one", 0, 1) == [1]
    assert append("one", 0, 1) == [1]
    assert append("one", 1, 2) == [1, 2]
    assert append("other", 0, 3) == [1, 2, 3]


def test_no_rows_make_an_empty_frame(spark: SparkSession) -> None:
    frame = make_frame(spark, [], STRUCT)
    assert frame.schema == STRUCT
    assert frame.isEmpty()


def hold(frame: DataFrame, begun: Path, go_on: Path) -> DataFrame:
    """The rows, which come once a file is there; another file tells that they are asked for."""

    def wait(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        begun.touch()
        while not go_on.exists():
            time.sleep(0.05)
        yield from batches

    return frame.mapInPandas(wait, frame.schema)


@pytest.mark.parametrize(("write", "value"), [(append_new_rows, 1.0), (upsert_rows, 2.0)])
def test_of_two_writers_at_once_none_fails_and_no_key_is_there_twice(
    lakehouse: SparkSession, tmp_path: Path, write: Callable[..., None], value: float
) -> None:
    name, begun, go_on = f"dev.models.{write.__name__}", tmp_path / "begun", tmp_path / "go_on"
    lakehouse.sql(f"CREATE TABLE {name} (number int, value double) USING delta")
    struct = lakehouse.table(name).schema
    first, second = (make_frame(lakehouse, [{"number": 7, "value": v}], struct) for v in (1.0, 2.0))
    with ThreadPoolExecutor() as pool:
        late = pool.submit(write, name, hold(second, begun, go_on), ["number"])
        while not begun.exists():
            time.sleep(0.05)
        write(name, first, ["number"])
        go_on.touch()
        late.result()
    assert [tuple(row) for row in lakehouse.table(name).collect()] == [(7, value)]


def test_rows_computed_from_what_changed_meanwhile_are_refused(
    lakehouse: SparkSession, tmp_path: Path
) -> None:
    name, (key, level) = "dev.models.changed", ISOLATION
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    lakehouse.sql(
        f"CREATE TABLE {name} (number int) USING delta TBLPROPERTIES ('{key}' = '{level}')"
    )
    # One part: parts that wait would take the cores that the other writer needs.
    rows = lakehouse.range(0, 1, 1, 1).selectExpr("7 AS number")
    new = rows.join(lakehouse.table(name), "number", "left_anti")
    with ThreadPoolExecutor() as pool:
        late = pool.submit(append_once, name, hold(new, begun, go_on), "writer", 0)
        while not (begun.exists() or late.done()):
            time.sleep(0.05)
        append_new_rows(name, rows, ["number"])
        go_on.touch()
        with pytest.raises(Exception, match="DELTA_CONCURRENT_"):
            late.result()
    assert [row.number for row in lakehouse.table(name).collect()] == [7]


def test_many_writers_at_once_all_have_their_turn(lakehouse: SparkSession) -> None:
    name, (key, level) = "dev.models.crowded", ISOLATION
    lakehouse.sql(
        f"CREATE TABLE {name} (number int) USING delta TBLPROPERTIES ('{key}' = '{level}')"
    )

    def append(number: int) -> None:
        rows = lakehouse.range(1).selectExpr(f"{number} AS number")
        append_new_rows(name, rows, ["number"])

    with ThreadPoolExecutor() as pool:
        list(pool.map(append, range(8)))
    assert sorted(row.number for row in lakehouse.table(name).collect()) == [*range(8)]


def test_rows_that_come_by_many_steps_are_written(lakehouse: SparkSession) -> None:
    name = "dev.models.long_way"
    lakehouse.sql(f"CREATE TABLE {name} (number int, value double) USING delta")
    rows = make_frame(lakehouse, [{"number": 7, "value": 0.0}], lakehouse.table(name).schema)
    for _ in range(60):
        rows = rows.withColumn("value", rows["value"] + 1)
    append_new_rows(name, rows, ["number"])
    assert [tuple(row) for row in lakehouse.table(name).collect()] == [(7, 60.0)]
    assert not lakehouse.catalog.listTables("models", "merged_*")
