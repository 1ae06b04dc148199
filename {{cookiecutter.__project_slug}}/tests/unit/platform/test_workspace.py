"""The SQL that the project sends to Unity Catalog, which a workspace alone can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.platform.workspace import UnityCatalog

ABOUT = "dev.information_schema"


class Listener:
    """Reads the catalog's own tables, and keeps the SQL that open-source Spark has no words for."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self.heard: list[str] = []

    def table(self, name: str) -> DataFrame:
        return self._spark.table(name)

    def sql(self, statement: str) -> None:
        self.heard.append(statement)


@pytest.fixture
def listener(lakehouse: SparkSession) -> Iterator[Listener]:
    """A catalog whose table `raw.parcels` has the primary key `id`, `at`."""
    place = "table_schema string, table_name string, constraint_name string"
    lakehouse.sql(f"CREATE SCHEMA {ABOUT}")
    lakehouse.sql(f"CREATE TABLE {ABOUT}.table_constraints ({place}, constraint_type string)")
    columns = f"{place}, column_name string, ordinal_position int"
    lakehouse.sql(f"CREATE TABLE {ABOUT}.key_column_usage ({columns})")
    lakehouse.sql(
        f"INSERT INTO {ABOUT}.table_constraints VALUES"
        " ('raw', 'parcels', 'pk', 'PRIMARY KEY'), ('raw', 'parcels', 'fk', 'FOREIGN KEY')"
    )
    lakehouse.sql(
        f"INSERT INTO {ABOUT}.key_column_usage VALUES ('raw', 'parcels', 'pk', 'at', 2),"
        " ('raw', 'parcels', 'pk', 'id', 1), ('raw', 'parcels', 'fk', 'owner', 1)"
    )
    yield Listener(lakehouse)
    lakehouse.sql(f"DROP SCHEMA {ABOUT} CASCADE")


def test_a_primary_key_is_declared_once_and_takes_the_place_of_another(listener: Listener) -> None:
    catalog = UnityCatalog(listener, client=None)
    catalog.set_primary_key("dev.raw.parcels", ["id", "at"])
    assert listener.heard == []
    catalog.set_primary_key("dev.raw.parcels", ["id", "day"])
    alter = "ALTER TABLE `dev`.`raw`.`parcels`"
    assert listener.heard == [
        f"{alter} DROP PRIMARY KEY IF EXISTS",
        f"{alter} ALTER COLUMN `id` SET NOT NULL",
        f"{alter} ALTER COLUMN `day` SET NOT NULL",
        f"{alter} ADD PRIMARY KEY (`id`, `day`)",
    ]
