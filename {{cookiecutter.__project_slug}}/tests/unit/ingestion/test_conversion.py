"""Stored is what was delivered, whatever type pandas keeps it in; else the row is refused."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.ingestion.contracts import (
    REASONS,
    ContractError,
    check_delivery,
    judge_rows,
    load_delivery,
)
from {{ cookiecutter.__package }}.ingestion.conversion import find_fault
from {{ cookiecutter.__package }}.ingestion.quarantine import describe_refused
from {{ cookiecutter.__package }}.ingestion.task import STATE, compare_with_stored
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.platform.windows import Window

DAY = dt.datetime(2013, 3, 10, tzinfo=dt.UTC)
WINDOW = Window(DAY, DAY + dt.timedelta(days=1))
NOON = pd.Timestamp("2013-03-10T12:00", tz="UTC")
KEY = (Column("id", "string", "key"), Column("at", "timestamp", "UTC"))


def make_table(*columns: Column) -> Table:
    return Table("raw", "things", "Things.", (*KEY, *columns), ("id",), "at", owner="the team")


def deliver(**values: Any) -> pd.DataFrame:
    rows = max(len(given) for given in values.values())
    keys = {"id": [f"k{number}" for number in range(rows)], "at": [NOON] * rows}
    return pd.DataFrame({**keys, **values})


def judge(spark: SparkSession, table: Table, delivery: pd.DataFrame) -> list[tuple[Any, list[str]]]:
    check_delivery(table, delivery)
    judged = judge_rows(load_delivery(spark, table, delivery), table, WINDOW).orderBy("id")
    return [(row[table.column_names[-1]], row[REASONS]) for row in judged.collect()]


D = Decimal
DATE = dt.date(2013, 3, 1)
ACCEPTED: dict[str, tuple[str, Any, list[Any]]] = {
    "whole floats": ("int", [1545.0, np.nan], [1545, None]),
    "negative zero": ("int", [-0.0], [0]),
    "long": ("long", [2**53 + 1], [2**53 + 1]),
    "boolean": ("boolean", [True, False], [True, False]),
    "boolean with gaps": ("boolean", [True, None], [True, None]),
    "date": ("date", [DATE, None], [DATE, None]),
    "date as midnight": ("date", [pd.Timestamp("2013-03-01")], [DATE]),
    "decimal": ("decimal(9,2)", [D("0.10"), None], [D("0.10"), None]),
    "decimal of floats": ("decimal(9,2)", [0.1], [D("0.10")]),
    "double of decimals": ("double", [D("0.5"), None], [0.5, None]),
    "double of integers": ("double", [1, 2], [1.0, 2.0]),
    "double of several kinds": ("double", [D("0.5"), 1.5, 2], [0.5, 1.5, 2.0]),
    "date of several kinds": ("date", [pd.Timestamp(DATE), DATE], [DATE, DATE]),
    "double, all NaT": ("double", [pd.NaT, pd.NaT], [None, None]),
    "timestamp, all NaN": ("timestamp", [np.nan, np.nan], [None, None]),
    "strings of Arrow": ("string", pd.array(["a", None], pd.ArrowDtype(pa.string())), ["a", None]),
    "categories": ("string", pd.Categorical(["a", "b"]), ["a", "b"]),
    "long text": ("string", ["ü" * 100_000, ""], ["ü" * 100_000, ""]),
    "other zone": (
        "timestamp",
        [pd.Timestamp("2013-03-10T08:00", tz="America/New_York")],
        [dt.datetime(2013, 3, 10, 12)],
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_value_is_stored_as_delivered(spark: SparkSession, name: str) -> None:
    kind, values, expected = ACCEPTED[name]
    judged = judge(spark, make_table(Column("x", kind, "")), deliver(x=values))
    assert [reasons for _, reasons in judged] == [[]] * len(expected)
    is_time = kind == "timestamp"
    found = [value.replace(tzinfo=None) if is_time and value else value for value, _ in judged]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


ALTERED: dict[str, tuple[Column, Any]] = {
    "fraction": (Column("x", "int", ""), [1545.7]),
    "small fraction": (Column("x", "int", ""), [-0.9]),
    "too large for int": (Column("x", "int", ""), [2**31]),
    "too large for long": (Column("x", "long", ""), [1e19]),
    "infinity": (Column("x", "long", ""), [float("inf")]),
    "too many digits": (Column("x", "decimal(4,2)", ""), [D("123.45")]),
    "too fine": (Column("x", "decimal(4,2)", ""), [D("0.125")]),
    "no midnight": (Column("x", "date", ""), [pd.Timestamp("2013-03-01T01:00")]),
    "missing hour": (
        Column("x", "timestamp", "", zone="America/New_York"),
        [pd.Timestamp("2013-03-10T02:30")],
    ),
    "doubled hour": (
        Column("x", "timestamp", "", zone="America/New_York"),
        [pd.Timestamp("2013-11-03T01:30")],
    ),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_value_that_would_become_another_one_goes_to_quarantine_as_delivered(
    spark: SparkSession, name: str
) -> None:
    column, values = ALTERED[name]
    table, delivery = make_table(column), deliver(x=values)
    ((value, reasons),) = judge(spark, table, delivery)
    assert (value, reasons) == (None, [f"x: no {column.type} as delivered"])
    judged = judge_rows(load_delivery(spark, table, delivery), table, WINDOW)
    (refused,) = describe_refused(judged, table, delivery).collect()
    assert json.loads(refused["row"])["x"] in (values[0], str(values[0]))


def test_local_times_are_those_of_the_declared_zone(spark: SparkSession) -> None:
    table = make_table(Column("x", "timestamp", "", zone="America/New_York"))
    ((value, reasons),) = judge(spark, table, deliver(x=[pd.Timestamp("2013-03-10T08:00")]))
    assert (value.replace(tzinfo=None), reasons) == (dt.datetime(2013, 3, 10, 12), [])


def test_a_value_in_another_column_is_another_row(spark: SparkSession) -> None:
    table = make_table(Column("a", "double", ""), Column("b", "double", ""))
    stored = load_delivery(spark, table, deliver(a=[50.0], b=[None]))
    moved = deliver(a=[None], b=[50.0])
    rows = judge_rows(load_delivery(spark, table, moved), table, WINDOW)
    (row,) = compare_with_stored(rows, stored.select(*table.column_names), table).collect()
    assert (row[STATE], row[REASONS]) == ("refused", ["id: stored with other values"])
    both = pd.concat([deliver(a=[50.0], b=[None]), moved], ignore_index=True)
    found = judge_rows(load_delivery(spark, table, both), table, WINDOW).collect()
    assert [row[REASONS] for row in found] == [["id: same key, other values"]] * 2


@pytest.mark.parametrize(
    "name", ["state", "stored_digest", "reasons", "row_number", "new", "delivered"]
)
def test_a_column_may_have_any_name(spark: SparkSession, name: str) -> None:
    table = make_table(Column(name, "double", ""))
    stored = load_delivery(spark, table, deliver(**{name: [1.0]})).select(*table.column_names)
    rows = judge_rows(load_delivery(spark, table, deliver(**{name: [1.0, 2.0]})), table, WINDOW)
    found = compare_with_stored(rows, stored, table).orderBy("id").collect()
    assert [row[STATE] for row in found] == ["stored", "new"]


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("double", ["a"], "is string .*, the contract says double"),
        ("string", [1], "is integer .*, the contract says string"),
        ("string", ["a", 1], "is integer and string .*, the contract says string"),
        ("boolean", [1.0], "is floating .*, the contract says boolean"),
        ("timestamp", [DATE], "is date .*, the contract says timestamp"),
        ("timestamp", [pd.Timestamp("2013-03-10")], "has times without a time zone: deliver UTC"),
        ("timestamp", [NOON, dt.datetime(2013, 3, 10)], "has times without a time zone"),
    ],
)
def test_a_column_of_another_meaning_is_refused(kind: str, values: list[Any], said: str) -> None:
    fault = find_fault(Column("x", kind, ""), pd.Series(values, dtype=object))
    assert fault
    assert pd.Series([fault]).str.match(said).all()


TWICE = pd.DataFrame([["k", NOON, 1.0, 2.0]], columns=["id", "at", "x", "x"])


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        (None, "source things: it delivered a NoneType, not a DataFrame of pandas or Spark"),
        ([1], "source things: it delivered a list, not a DataFrame of pandas or Spark"),
        (TWICE, "source things: column x is there 2 times"),
        (deliver(x=[1.0]).drop(columns="id"), "source things: column id is missing"),
    ],
)
def test_a_delivery_of_another_shape_is_refused_with_its_source(delivery: Any, said: str) -> None:
    with pytest.raises(ContractError, match=f"{said}\nnothing was written; ask the team"):
        check_delivery(make_table(Column("x", "double", "")), delivery)
