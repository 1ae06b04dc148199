"""Writing to Delta tables so that a repeated or interrupted write leaves the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, MergeIntoWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from .sql import quote_name


def make_frame(
    spark: SparkSession, rows: Sequence[tuple[object, ...]], struct: StructType
) -> DataFrame:
    """Rows as a frame, through Arrow: a list would be unpacked by workers in Python."""
    columns = {name: [row[place] for row in rows] for place, name in enumerate(struct.names)}
    return spark.createDataFrame(pa.table(columns), struct)


def append_new_rows(
    table: str, rows: DataFrame, keys: Sequence[str], within: Column | None = None
) -> None:
    """Appends the rows whose keys the table does not hold yet, in one transaction.

    Args:
        table: `catalog.schema.name`.
        within: Condition on the table's columns (as `name.column`) that all rows satisfy; keys are
            compared inside it, so that only the window's files are read.
    """
    condition = _match(table, keys)
    merge = _start(table, rows, condition if within is None else within & condition)
    merge.whenNotMatched().insertAll().merge()


def upsert_rows(table: str, rows: DataFrame, keys: Sequence[str]) -> None:
    """Inserts rows, and replaces those with equal keys, in one transaction."""
    merge = _start(table, rows, _match(table, keys))
    merge.whenMatched().updateAll().whenNotMatched().insertAll().merge()


def _start(table: str, rows: DataFrame, condition: Column) -> MergeIntoWriter:
    return rows.alias("new").mergeInto(table, condition)


def _match(table: str, keys: Sequence[str]) -> Column:
    name = table.split(".")[-1]
    pairs = [F.col(f"{name}.{key}") == F.col(f"new.{key}") for key in keys]
    return reduce(Column.__and__, pairs)


def read_version(spark: SparkSession, table: str) -> int:
    """The table's current Delta version."""
    history = spark.sql(f"DESCRIBE HISTORY {quote_name(table)} LIMIT 1")
    return history.select("version").collect()[0].version
