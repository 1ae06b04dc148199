"""Catalogs as folders: `warehouse/CATALOG/SCHEMA/TABLE`, known again in the next process.

Beside the tables lie the views, each as a file `VIEW.sql` with its query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bundlework.errors import Refusal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class CatalogError(Refusal):
    """Names that the laptop's catalogs cannot keep apart."""


def open_catalogs(
    spark: SparkSession, warehouse: Path, schemas: Sequence[str], read_only: Sequence[str] = ()
) -> None:
    """Creates the schemas, and registers the tables and views of these and of read-only catalogs.

    Args:
        schemas: `catalog.schema` of each schema that may be written.
        read_only: Further catalogs whose tables may be read.

    Raises:
        CatalogError: A schema to write has the name of one in a read-only catalog.
    """
    readable = [folder for catalog in read_only for folder in _list_folders(warehouse / catalog)]
    _refuse_collisions(schemas, readable)
    written = [warehouse.joinpath(*schema.split(".")) for schema in schemas]
    for folder in (*written, *readable):
        location = quote(str(folder))
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{folder.name}` LOCATION {location}")
        for table in _list_tables(folder):
            _register_table(spark, folder.name, table)
    for folder in (*written, *readable):
        for file in sorted(folder.glob("*.sql")):
            _register_view(spark, folder.name, file)


def count_commits(warehouse: Path, catalogs: Sequence[str]) -> dict[str, int]:
    """The number of commits of every table of the catalogs, to see whether one was written."""
    schemas = [folder for catalog in catalogs for folder in _list_folders(warehouse / catalog)]
    tables = [table for schema in schemas for table in _list_tables(schema)]
    return {
        ".".join(table.relative_to(warehouse).parts): len([*table.glob("_delta_log/*.json")])
        for table in tables
    }


def hash_rows(frame: DataFrame) -> tuple[int, str]:
    """The number of rows, and a hash that is the same for the same rows in any order."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import MapType

    # A hash of values passes nulls over: whether a value is there is hashed with the value. Of a
    # map, the entries are hashed in their order, which equal maps have alike.
    maps = {field.name for field in frame.schema if isinstance(field.dataType, MapType)}
    columns = [F.array_sort(F.map_entries(n)) if n in maps else F.col(n) for n in frame.columns]
    parts = [part for column in columns for part in (column.isNull(), column)]
    hashed = frame.select(F.xxhash64(*parts).cast("decimal(38)").alias("hash"))
    rows, total = hashed.agg(F.count("hash"), F.sum("hash")).collect()[0]
    return rows, f"{int(total or 0) % 2**64:016x}"


def _refuse_collisions(schemas: Iterable[str], readable: Iterable[Path]) -> None:
    # All catalogs are names for one, so that schemas of two catalogs must have different names.
    names = {schema.split(".")[1]: schema for schema in schemas}
    for folder in readable:
        if folder.name in names:
            raise CatalogError(
                f"schema {folder.name} is in catalog {folder.parent.name}, which is only read, and"
                f" {names[folder.name]} is to be written: on a laptop their names must differ"
            )


def _list_folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir()) if parent.is_dir() else []


def _list_tables(schema: Path) -> list[Path]:
    return [folder for folder in _list_folders(schema) if _is_table(folder)]


def _is_table(folder: Path) -> bool:
    # Commits and checkpoints are named by the version; a creation cut short has left hidden files.
    return any(folder.glob("_delta_log/[0-9]*"))


def _register_table(spark: SparkSession, schema: str, folder: Path) -> None:
    location = quote(str(folder))
    spark.sql(f"CREATE TABLE `{schema}`.`{folder.name}` USING delta LOCATION {location}")


def define_view(spark: SparkSession, warehouse: Path, name: str, query: str) -> None:
    """Creates or replaces `catalog.schema.view`; the next process finds the view again."""
    file = warehouse.joinpath(*name.split(".")).with_suffix(".sql")
    draft = file.with_suffix(".draft")
    draft.write_text(query)
    draft.replace(file)
    _register_view(spark, file.parent.name, file)


def _register_view(spark: SparkSession, schema: str, file: Path) -> None:
    spark.sql(f"CREATE OR REPLACE VIEW `{schema}`.`{file.stem}` AS {file.read_text()}")


def quote(text: str) -> str:
    """A text as SQL writes it, in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
