"""Tables follow their declarations where no value is lost; else setup says what would do it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.platform.delta import read_version
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.changes import SchemaError, adapt_tables, find_changes
from {{ cookiecutter.__package }}.setup.creation import create_table

from ..test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments(ARGUMENTS)
COLUMNS = {
    "id": Column("id", "string", "key", required=True),
    "at": Column("at", "timestamp", "UTC", required=True),
    "count": Column("count", "int", "pieces", required=True),
    "price": Column("price", "decimal(6,2)", "euros"),
}
PARCELS = Table("raw", "parcels", "Parcels.", tuple(COLUMNS.values()), ("id",), "at")
NAME = "dev.raw.parcels"


@pytest.fixture
def parcels(lakehouse: SparkSession) -> Iterator[SparkSession]:
    """A table with one row."""
    create_table(lakehouse, PARCELS, SETTINGS)
    lakehouse.sql(f"INSERT INTO {NAME} VALUES ('a', TIMESTAMP'2013-01-01', 7, 1.25)")
    yield lakehouse
    lakehouse.sql(f"DROP TABLE {NAME}")


def declare(**columns: Column | None) -> Table:
    """The table with other columns, or without some."""
    wanted = {**COLUMNS, **columns}
    return replace(PARCELS, columns=tuple(column for column in wanted.values() if column))


def test_a_table_as_it_is_declared_is_left_alone(parcels: SparkSession) -> None:
    before = read_version(parcels, NAME)
    adapt_tables(parcels, SETTINGS, [PARCELS, replace(PARCELS, name="not_there")])
    assert read_version(parcels, NAME) == before


def test_columns_are_added_relaxed_and_widened_and_keep_their_values(
    parcels: SparkSession,
) -> None:
    declared = declare(
        count=Column("count", "long", "pieces", required=True),
        price=Column("price", "decimal(9,3)", "euros"),
        colour=Column("colour", "string", "the owner's"),
    )
    adapt_tables(parcels, SETTINGS, [declared])
    relaxed = replace(declared, columns=tuple(replace(c, required=False) for c in declared.columns))
    for _ in range(2):
        adapt_tables(parcels, SETTINGS, [relaxed])
    rows = parcels.table(NAME)
    assert rows.schema["count"].dataType.simpleString() == "bigint"
    assert rows.schema["colour"].metadata["comment"] == "the owner's"
    assert [f.name for f in rows.schema if not f.nullable] == ["id"]
    parcels.sql(f"INSERT INTO {NAME} VALUES ('b', NULL, 8000000000, 1.125, 'red')")
    found = [(row["count"], str(row.price), row.colour) for row in rows.orderBy("id").collect()]
    assert found == [(7, "1.250", None), (8_000_000_000, "1.125", "red")]


def test_a_column_with_a_new_name_keeps_its_values(parcels: SparkSession) -> None:
    renamed = declare(price=None, cost=Column("cost", "decimal(6,2)", "euros", formerly="price"))
    for _ in range(2):
        adapt_tables(parcels, SETTINGS, [renamed])
    create_table(parcels, renamed, SETTINGS)
    parcels.sql(f"INSERT INTO {NAME} VALUES ('b', TIMESTAMP'2013-01-01', 8, 2.5)")
    rows = parcels.table(NAME).orderBy("id")
    assert rows.columns == ["id", "at", "count", "cost"]
    assert [str(row.cost) for row in rows.collect()] == ["1.25", "2.50"]


def test_the_scores_of_former_releases_are_kept_under_their_new_name() -> None:
    former = [replace(c, name=c.formerly or c.name) for c in PREDICTIONS.columns]
    there = replace(PREDICTIONS, columns=tuple(former)).struct
    (change,) = find_changes("dev.models.predictions", there, PREDICTIONS.struct)
    assert change.is_safe
    assert change.reason == "score was called probability"


REFUSED = {
    "a type that is not wider": (
        declare(count=Column("count", "string", "pieces", required=True)),
        "count is int, declared is string. If you mean it: .*DROP COLUMN `count`; .*ADD COLUMNS",
    ),
    "a narrower decimal": (
        declare(price=Column("price", "decimal(6,1)", "euros")),
        r"price is decimal\(6,2\), declared is decimal\(6,1\)",
    ),
    "a column that is gone": (declare(price=None), "price is not declared.*DROP COLUMN `price`"),
    "a column that becomes required": (
        declare(price=Column("price", "decimal(6,2)", "euros", required=True)),
        "price is now required of every row. .*UPDATE .* SET `price` = ... WHERE",
    ),
    "a new column that is required": (
        declare(colour=Column("colour", "string", "", required=True)),
        "colour is new, and required of every row.*ADD COLUMNS.*UPDATE .* SET `colour` =",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_changes_are_unsafe_and_have_their_statement(name: str) -> None:
    declared, said = REFUSED[name]
    (change,) = find_changes(NAME, PARCELS.struct, declared.struct)
    assert not change.is_safe
    assert re.match(f"{NAME}: {said}", change.describe())


def test_a_column_may_become_required_where_no_row_is_without_a_value(
    parcels: SparkSession,
) -> None:
    declared = declare(price=Column("price", "decimal(6,2)", "euros", required=True))
    before = read_version(parcels, NAME)
    adapt_tables(parcels, SETTINGS, [declared])
    assert read_version(parcels, NAME) == before
    parcels.sql(f"INSERT INTO {NAME} VALUES ('b', TIMESTAMP'2013-01-01', 7, NULL)")
    with pytest.raises(SchemaError, match="price is now required of every row"):
        adapt_tables(parcels, SETTINGS, [declared])


def test_an_empty_table_takes_a_column_that_is_required(parcels: SparkSession) -> None:
    declared = declare(colour=Column("colour", "string", "", required=True))
    with pytest.raises(SchemaError, match="colour is new"):
        adapt_tables(parcels, SETTINGS, [declared])
    parcels.sql(f"DELETE FROM {NAME}")
    adapt_tables(parcels, SETTINGS, [declared])
    assert parcels.table(NAME).columns == list(declared.struct.names)


def test_where_one_change_is_refused_none_is_made(parcels: SparkSession) -> None:
    declared = declare(price=None, colour=Column("colour", "string", ""))
    before = read_version(parcels, NAME)
    with pytest.raises(SchemaError, match=r"price is not declared(.|\n)*no table was changed"):
        adapt_tables(parcels, SETTINGS, [declared])
    assert read_version(parcels, NAME) == before
