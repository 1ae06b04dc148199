"""Ingestion judges, stores and refuses the rows of a Spark frame as it does those of pandas."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from pyspark.sql import DataFrame, MergeIntoWriter, Row, SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.ingestion import task
from {{ cookiecutter.__package }}.ingestion.contracts import (
    REASONS,
    ContractError,
    check_delivery,
    judge_rows,
    load_delivery,
)
from {{ cookiecutter.__package }}.ingestion.deliveries import number_rows
from {{ cookiecutter.__package }}.ingestion.tables import DELIVERIES, QUARANTINE
from {{ cookiecutter.__package }}.platform import delta
from {{ cookiecutter.__package }}.platform.sources import Context
from {{ cookiecutter.__package }}.platform.tables import RAW_DAYS
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import replace
from .test_conversion import make_table

HOUR = dt.timedelta(hours=1)
FIRST = PROBLEM.first_day
REFUSED = "refused"
LARGEST = 2**63 - 1
# The type of the contract, the one delivered, a value as SQL writes it, and what is stored.
VALUES: list[tuple[str, str, str, Any]] = [
    ("int", "bigint", "2147483647", 2**31 - 1),
    ("int", "bigint", "2147483648", REFUSED),
    ("int", "double", "-0.0", 0),
    ("int", "double", "1545.7", REFUSED),
    ("int", "double", "'NaN'", REFUSED),
    ("int", "decimal(9,2)", "7.00", 7),
    ("long", "smallint", "7", 7),
    ("long", "double", "1e19", REFUSED),
    ("long", "double", "9223372036854775808", REFUSED),
    ("long", "decimal(20,0)", str(LARGEST), LARGEST),
    ("double", "bigint", "9007199254740992", float(2**53)),
    ("double", "bigint", "9007199254740993", REFUSED),
    ("double", "bigint", str(LARGEST), REFUSED),
    ("double", "float", "0.5", 0.5),
    ("double", "decimal(9,2)", "0.10", 0.1),
    ("double", "double", "'Infinity'", REFUSED),
    ("decimal(6,2)", "double", "0.1", Decimal("0.10")),
    ("decimal(6,2)", "double", "0.125", REFUSED),
    ("decimal(6,2)", "double", "'-Infinity'", REFUSED),
    ("decimal(6,2)", "int", "3", Decimal("3.00")),
    ("decimal(6,2)", "decimal(9,3)", "12345.670", REFUSED),
    ("decimal(6,2)", "decimal(9,3)", "1234.500", Decimal("1234.50")),
    ("boolean", "boolean", "true", True),
    ("string", "string", "'\u00fc\"'", '\u00fc"'),
    ("date", "date", "'2013-03-01'", dt.date(2013, 3, 1)),
    ("date", "timestamp", "'2013-03-01T00:00:00Z'", dt.date(2013, 3, 1)),
    ("date", "timestamp", "'2013-03-01T00:00:01Z'", REFUSED),
    ("timestamp", "timestamp", "'2013-03-10T08:00:00-04:00'", dt.datetime(2013, 3, 10, 12)),
]


def deliver(spark: SparkSession, *values: str, kind: str = "double") -> DataFrame:
    """Things `k0`, `k1` ... of the first day, with a value each, as SQL writes it."""
    rows = ", ".join(f"('k{n}', CAST({value} AS {kind}))" for n, value in enumerate(values))
    frame = spark.sql(f"SELECT * FROM VALUES {rows} AS t(id, x)")
    return frame.withColumn("at", F.lit(FIRST + HOUR))


@pytest.mark.parametrize(("wanted", "kind", "value", "stored"), VALUES)
def test_a_value_is_stored_as_delivered_or_refused(
    spark: SparkSession, wanted: str, kind: str, value: str, stored: Any
) -> None:
    table, rows = make_table(Column("x", wanted, "")), deliver(spark, value, "null", kind=kind)
    check_delivery(table, rows)
    loaded = load_delivery(spark, table, number_rows(rows))
    window = Window(FIRST, FIRST + 24 * HOUR)
    first, second = judge_rows(loaded, table, window).orderBy("id").collect()
    assert (REFUSED if first[REASONS] else first.x) == stored
    assert (second.x, second[REASONS]) == (None, [])


@pytest.mark.parametrize(
    ("wanted", "kind", "said"),
    [
        ("double", "string", "column x is string, the contract says double"),
        ("timestamp", "date", "column x is date, the contract says timestamp"),
        ("string", "array<int>", "column x is array<int>, the contract says string"),
        ("timestamp", "timestamp_ntz", "column x has times without a time zone"),
    ],
)
def test_a_column_of_another_meaning_is_refused_by_name(
    spark: SparkSession, wanted: str, kind: str, said: str
) -> None:
    with pytest.raises(ContractError, match=f"source things: {said}"):
        check_delivery(make_table(Column("x", wanted, "")), deliver(spark, "null", kind=kind))


def test_a_column_of_nulls_alone_is_of_every_type(spark: SparkSession) -> None:
    table = make_table(Column("x", "decimal(6,2)", ""))
    rows = deliver(spark, "null").withColumn("x", F.lit(None))
    check_delivery(table, rows)
    assert load_delivery(spark, table, number_rows(rows)).collect()[0].x is None


THINGS = make_table(Column("x", "double", "", maximum=5))
SETTINGS = Settings.from_arguments(replace("as_of", f"{FIRST + 24 * HOUR:%Y-%m-%d}"))


@pytest.fixture
def tables(lakehouse: SparkSession) -> SparkSession:
    for table in (THINGS, RAW_DAYS, QUARANTINE, DELIVERIES):
        lakehouse.sql(f"DROP TABLE IF EXISTS {table.full_name(SETTINGS)}")
        create_table(lakehouse, table, SETTINGS)
    return lakehouse


def ingest(spark: SparkSession, rows: DataFrame) -> None:
    def deliver_things(context: Context, window: Window) -> DataFrame:
        return window.select(rows, "at")

    nothing: Any = None
    workspace = Workspace(spark, *[nothing] * 6)
    sources = {THINGS.name: deliver_things}
    with patch.multiple(task, RAW_TABLES=(THINGS,), SOURCES=sources):
        task.ingest(workspace, SETTINGS)


class Killed(Exception):
    """The process ended here."""


@contextmanager
def kill_after(writes: int) -> Iterator[None]:
    """Ends the block before its next write."""
    commit, left = delta._commit, iter(range(writes))

    def commit_or_end(merge: MergeIntoWriter) -> None:
        if next(left, None) is None:
            raise Killed
        commit(merge)

    with patch.object(delta, "_commit", commit_or_end), pytest.raises(Killed):
        yield


@pytest.mark.parametrize("writes", range(4))
def test_a_run_that_is_cut_short_is_repeated_as_if_nothing_had_happened(
    tables: SparkSession, writes: int
) -> None:
    rows = deliver(tables, "1.5", "9")
    with kill_after(writes):
        ingest(tables, rows)
    ingest(tables, rows)
    (delivery,) = read(tables, DELIVERIES)
    assert delivery.window_start.astimezone(dt.UTC) == FIRST
    assert (delivery.rows_in, delivery.rows_kept, delivery.rows_quarantined) == (2, 1, 1)
    assert [len(read(tables, table)) for table in (THINGS, QUARANTINE, RAW_DAYS)] == [1, 1, 1]


def read(spark: SparkSession, table: Table) -> list[Row]:
    return spark.table(table.full_name(SETTINGS)).orderBy(*table.keys).collect()


def list_tables(spark: SparkSession) -> set[str]:
    return {row.tableName for row in spark.sql("SHOW TABLES IN dev.raw").collect()}


def test_rows_are_stored_or_in_quarantine_with_what_was_delivered(tables: SparkSession) -> None:
    before = list_tables(tables)
    rows = deliver(tables, "1.5", "9", "null", "'NaN'", "2.5", "2.5")
    rows = rows.replace("k5", "k4", "id")
    for _ in range(2):  # a repetition changes nothing
        ingest(tables, rows)
        assert [(row.id, row.x) for row in read(tables, THINGS)] == [
            ("k0", 1.5),
            ("k2", None),
            ("k4", 2.5),
        ]
        refused = read(tables, QUARANTINE)
        told = {json.loads(r.row)["id"]: (json.loads(r.row)["x"], r.reason) for r in refused}
        assert told == {
            "k1": (9.0, "x: above 5"),
            "k3": ("NaN", "x: not a finite number; x: above 5"),
            "k4": (2.5, "id: repeated row"),
        }
        (delivery,) = read(tables, DELIVERIES)
        assert (delivery.rows_in, delivery.rows_kept, delivery.rows_quarantined) == (6, 3, 3)
    assert list_tables(tables) == before


def test_equal_rows_in_quarantine_each_count(tables: SparkSession) -> None:
    rows = deliver(tables, "9", "9", "9").withColumn("id", F.lit("k"))
    ingest(tables, rows)
    assert len({row.row_id for row in read(tables, QUARANTINE)}) == 3


def test_a_source_that_changes_during_a_run_is_stored_as_it_was_judged(
    tables: SparkSession,
) -> None:
    deliver(tables, "1", "2").write.saveAsTable("dev.raw.shop")
    count_rows = task.count_rows

    def count_and_change(judged: DataFrame, table: Table) -> task.Counts:
        counts = count_rows(judged, table)
        deliver(tables, "3", "9").write.mode("overwrite").saveAsTable("dev.raw.shop")
        return counts

    with patch.object(task, "count_rows", count_and_change):
        ingest(tables, tables.table("dev.raw.shop"))
    assert [row.x for row in read(tables, THINGS)] == [1.0, 2.0]
    (delivery,) = read(tables, DELIVERIES)
    assert (delivery.rows_kept, delivery.rows_quarantined) == (2, 0)


def test_a_run_that_fails_leaves_no_copy(tables: SparkSession) -> None:
    before = list_tables(tables)
    with (
        patch.object(task, "count_rows", side_effect=RuntimeError("no more memory")),
        pytest.raises(RuntimeError, match="no more memory"),
    ):
        ingest(tables, deliver(tables, "1"))
    assert list_tables(tables) == before


def test_a_row_counts_as_stored_whichever_frame_it_comes_in(tables: SparkSession) -> None:
    ingest(tables, deliver(tables, "1.5", "2"))
    given: Any = pd.DataFrame({"id": ["k0", "k1"], "x": [1.5, 2], "at": [FIRST + HOUR] * 2})
    with patch.object(Window, "select", lambda self, frame, time: frame):
        ingest(tables, given)
    (delivery,) = read(tables, DELIVERIES)
    assert (delivery.rows_in, delivery.rows_kept, len(read(tables, THINGS))) == (2, 2, 2)
