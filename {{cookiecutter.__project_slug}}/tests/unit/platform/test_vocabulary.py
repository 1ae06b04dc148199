"""What a later stage cannot take is refused where it is declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable, Table

KEY = Column("id", "string", "key")
SOURCE = Table("raw", "things", "Things.", (KEY,), ("id",), "id")


def make_features(column: Column) -> FeatureTable:
    return FeatureTable(
        "features",
        "made",
        "Made.",
        (KEY, column),
        ("id",),
        "id",
        source=SOURCE,
        lookback=dt.timedelta(0),
        compute=lambda rows, _: rows,
    )


TIMELESS = replace(
    make_features(Column("x", "double", "")),
    columns=(KEY, Column("at", "timestamp", ""), Column("x", "double", "")),
    time="at",
)


def test_a_table_whose_keys_leave_time_out_is_looked_up_whatever_the_moment() -> None:
    assert not TIMELESS.has_time_key
    assert (TIMELESS.lookup_keys, TIMELESS.features) == (["id"], ["x"])
    timed = replace(TIMELESS, keys=("id", "at"))
    assert timed.has_time_key
    assert (timed.lookup_keys, timed.features) == (["id"], ["x"])


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: Column("visibility[mi]", "double", ""), "a name has letters, digits and _ alone"),
        (lambda: Column("my col", "double", ""), "'my col': a name has letters"),
        (lambda: Column("x", "money", ""), "x: type money is not one of boolean, date, double"),
        (lambda: Column("x", "decimal(2)", ""), r"x: type decimal\(2\) is not one of"),
        (lambda: Column("x", "timestamp", "", zone="Mars"), "x: .*Mars"),
        (lambda: Column("x", "double", "", zone="UTC"), "x: only a timestamp has a zone"),
        (lambda: Table("raw", "t", "", (KEY,), ("no",), "id"), "t: there is no column no, only id"),
        (lambda: Table("raw", "t", "", (KEY, KEY), ("id",), "id"), "t: two columns have the same"),
        (lambda: make_features(Column("day", "date", "")), "made: the feature day is a date, and"),
        (lambda: make_features(Column("x", "decimal(9,2)", "")), "the feature x is a decimal"),
        (
            lambda: make_features(Column("x", "long", "")),
            "the feature x is a long, and a model takes double, int, string alone",
        ),
        (
            lambda: Table("raw", "t", "", (KEY, Column("x", "map<string,double>", "")), (), "id"),
            "t: x is a map<string,double>, which no source delivers",
        ),
        (
            lambda: replace(TIMELESS, greatest_age=dt.timedelta(1)),
            "made: greatest_age: 1 day, 0:00:00, and at is no key: a row that is looked up",
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    declare: Callable[[], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        declare()
