"""Writes to Delta tables so that a repeated or interrupted write leaves the same rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from random import SystemRandom
from uuid import uuid4

import pyarrow as pa
from pyspark.sql import Column, DataFrame, MergeIntoWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from .sql import quote_name

log = logging.getLogger(__name__)

# Without this property, two merges that insert the same key at once may both succeed on Databricks.
ISOLATION = ("delta.isolationLevel", "Serializable")
FEED = ("delta.enableChangeDataFeed", "true")
CONFLICT = "DELTA_CONCURRENT_"
# Of several merges at once one commits; the others wait for a random time before they try again.
ATTEMPTS, SECONDS = 20, 0.2


class RowError(ValueError):
    """A row names a column that the table does not have, or leaves a required one out."""


def make_frame(
    spark: SparkSession, rows: Sequence[Mapping[str, object]], struct: StructType
) -> DataFrame:
    """Makes a frame of rows that are given by column name; a column left out is null.

    Usage: `make_frame(spark, [{"number": 1, "kind": "promotion"}], PROMOTIONS.struct)`.

    The rows go through Arrow: Spark would unpack a list in Python workers.

    Raises:
        RowError: A row does not fit the table.
    """
    for row in rows:
        check_row(row, struct)
    columns = {name: [row.get(name) for row in rows] for name in struct.names}
    return spark.createDataFrame(pa.table(columns), struct)


def check_row(row: Mapping[str, object], struct: StructType) -> None:
    """Lets a row pass when each name is a column and each required column has a value.

    Raises:
        RowError: With the columns at fault.
    """
    unknown = sorted(set(row) - set(struct.names))
    if unknown:
        raise RowError(f"not a column: {', '.join(unknown)}; there are {', '.join(struct.names)}")
    missing = [f.name for f in struct if not f.nullable and row.get(f.name) is None]
    if missing:
        raise RowError(f"required, but without a value: {', '.join(missing)}")


def digest_row(columns: Sequence[str]) -> Column:
    """Digests a row; null differs from every value, and a value from the same one elsewhere.

    Spark's `xxhash64` passes nulls over, so that (50, null) and (null, 50) would be alike.
    """
    parts = [part for name in columns for part in (F.col(name).isNull(), F.col(name))]
    return F.xxhash64(*parts)


def append_new_rows(
    table: str, rows: DataFrame, keys: Sequence[str], within: Column | None = None
) -> None:
    """Appends the rows whose keys the table does not hold yet, in one transaction.

    Usage: `append_new_rows(METRICS.full_name(settings), rows, METRICS.keys)`.

    Args:
        table: `catalog.schema.name`.
        within: A condition on the table's columns (as `name.column`) that all rows satisfy. Keys
            are compared under this condition, so that Spark reads only the window's files.
    """
    condition = _match(table, keys)
    with _start(table, rows, condition if within is None else within & condition) as merge:
        _commit(merge.whenNotMatched().insertAll())


def append_once(table: str, rows: DataFrame, writer: str, number: int) -> None:
    """Appends rows, in one transaction; a write that the table has already is left out.

    Where another job wrote what the rows were computed from, Delta refuses the write, and the rows
    are to be computed again: this is not repeated here.

    Args:
        writer: Who writes. Of one writer, each later write has a higher number.
    """
    once: dict[str, str | int] = {"txnAppId": writer, "txnVersion": number}
    rows.writeTo(table).options(**once).append()


def upsert_rows(table: str, rows: DataFrame, keys: Sequence[str]) -> None:
    """Inserts rows, and replaces those with equal keys, in one transaction.

    Usage: `upsert_rows(METRICS.full_name(settings), rows, METRICS.keys)`.
    """
    with _start(table, rows, _match(table, keys)) as merge:
        _commit(merge.whenMatched().updateAll().whenNotMatched().insertAll())


def replace_rows(table: str, rows: DataFrame, keys: Sequence[str], within: Column) -> None:
    """Makes `rows` all that the table holds where `within` is true, in one transaction.

    Args:
        within: A condition on the table's columns, as `name.column`, that all rows satisfy.
    """
    with _start(table, rows, within & _match(table, keys)) as merge:
        merge.whenMatched().updateAll().whenNotMatched().insertAll()
        _commit(merge.whenNotMatchedBySource(within).delete())


def delete_other_rows(table: str, rows: DataFrame, keys: Sequence[str], within: Column) -> None:
    """Deletes the rows that satisfy `within` and whose keys are not among `rows`.

    Args:
        within: A condition on the table's columns, as `name.column`.
    """
    with _start(table, rows, _match(table, keys)) as merge:
        _commit(merge.whenNotMatchedBySource(within).delete())


def delete_rows(table: str, keys: DataFrame) -> None:
    """Deletes the rows that have the values of one of some rows, in one transaction."""
    with _start(table, keys, _match(table, keys.columns)) as merge:
        _commit(merge.whenMatched().delete())


def differ(rows: DataFrame, others: DataFrame) -> bool:
    """Tells whether two frames of the same columns differ in any row, whatever the order."""
    there, here = rows.exceptAll(others), others.exceptAll(rows)
    return not there.unionAll(here).isEmpty()


@contextmanager
def _start(table: str, rows: DataFrame, condition: Column) -> Iterator[MergeIntoWriter]:
    # Spark Connect fails on a merge whose rows come by more than about 40 steps; a view is one.
    spark, view = rows.sparkSession, f"merged_{uuid4().hex}"
    rows.createTempView(view)
    try:
        yield spark.table(view).alias("new").mergeInto(table, condition)
    finally:
        spark.catalog.dropTempView(view)


def _commit(merge: MergeIntoWriter) -> None:
    """Merges; where another job wrote at the same time, merges again, beside that job's rows."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            merge.merge()
            return
        except Exception as error:  # classic Spark and Spark Connect raise different kinds
            if CONFLICT not in str(error) or attempt == ATTEMPTS:
                raise
            log.info("another job wrote at the same time; merging again")
            time.sleep(SystemRandom().uniform(0, attempt * SECONDS))


def _match(table: str, keys: Sequence[str]) -> Column:
    name = table.rsplit(".", maxsplit=1)[-1]
    pairs = [F.col(f"{name}.{key}") == F.col(f"new.{key}") for key in keys]
    return reduce(Column.__and__, pairs)


def read_id(spark: SparkSession, table: str) -> str:
    """Reads the id that a table got when it was made; one that is made anew has another."""
    return str(spark.sql(f"DESCRIBE DETAIL {quote_name(table)}").select("id").collect()[0].id)


def read_version(spark: SparkSession, table: str) -> int:
    """Reads the table's current Delta version."""
    history = spark.sql(f"DESCRIBE HISTORY {quote_name(table)} LIMIT 1")
    return int(history.select("version").collect()[0].version)
