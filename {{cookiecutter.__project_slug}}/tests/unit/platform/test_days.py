"""What a table holds of a day is summarised alike in any order, and told from any other content."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.platform.days import (
    Day,
    forget_days,
    join_days,
    list_days,
    read_days,
    record_days,
    summarise_days,
)
from {{ cookiecutter.__package }}.platform.tables import RAW_DAYS
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table

from ..test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments(ARGUMENTS)
RECORD = RAW_DAYS.full_name(SETTINGS)
COLUMNS = (
    Column("at", "timestamp", "UTC"),
    Column("a", "double", ""),
    Column("b", "double", ""),
)
SALES = Table("raw", "sales", "Sales.", COLUMNS, ("at",), "at")
OTHERS = Table("raw", "others", "Others.", COLUMNS, ("at",), "at")
FIRST = dt.datetime(2013, 6, 1, tzinfo=dt.UTC)
WINDOW = Window(FIRST, FIRST + dt.timedelta(days=3))


def day(number: int) -> dt.date:
    return (FIRST + dt.timedelta(days=number)).date()


def summarise(spark: SparkSession, *rows: tuple[float, Any, Any]) -> dict[dt.date, Day]:
    made = [(FIRST + dt.timedelta(days=days), a, b) for days, a, b in rows]
    return summarise_days(spark.createDataFrame(made, SALES.struct), SALES, WINDOW)


def test_the_order_of_rows_does_not_matter_and_their_values_do(spark: SparkSession) -> None:
    rows = [(0.1, 50.0, None), (0.2, 1.0, 2.0), (2.5, 3.0, 3.0)]
    held = summarise(spark, *rows)
    assert held == summarise(spark, *reversed(rows))
    assert [held[day(number)].rows for number in range(3)] == [2, 0, 1]
    for other in ([(0.1, None, 50.0), *rows[1:]], [(0.1, 50.0, 0.0), *rows[1:]], rows[1:]):
        assert summarise(spark, *other)[day(0)] != held[day(0)]
    twice = summarise(spark, *rows, rows[1])
    assert twice[day(0)] != held[day(0)]


def test_days_are_recorded_replaced_and_forgotten_by_table(lakehouse: SparkSession) -> None:
    create_table(lakehouse, RAW_DAYS, SETTINGS)
    held = {day(number): Day(number, f"{number}", "code") for number in range(3)}
    record_days(lakehouse, RECORD, {SALES: held, OTHERS: held})
    record_days(lakehouse, RECORD, {SALES: {day(1): Day(9, "9", "new")}})
    forget_days(lakehouse, RECORD, {SALES: [day(0)]})
    assert read_days(lakehouse, RECORD, [SALES, OTHERS]) == {
        SALES: {day(1): Day(9, "9", "new"), day(2): held[day(2)]},
        OTHERS: held,
    }


@pytest.mark.parametrize(
    ("numbers", "windows"),
    [([], []), ([1], [(1, 2)]), ([2, 0, 1], [(0, 3)]), ([0, 1, 3, 5, 6], [(0, 2), (3, 4), (5, 7)])],
)
def test_days_are_joined_to_the_windows_that_they_make_up(
    numbers: list[int], windows: list[tuple[int, int]]
) -> None:
    joined = list(join_days(map(day, numbers)))
    ends = [(window.start.date(), window.end.date()) for window in joined]
    assert ends == [(day(start), day(end)) for start, end in windows]
    assert sorted(each for window in joined for each in list_days(window)) == sorted(
        map(day, numbers)
    )
