"""Data contracts: refuse a delivery with wrong columns, and judge each row of the others.

The rules are the columns of the raw tables, in `use_case/tables.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from ..platform.vocabulary import Column, Table
from ..platform.windows import Window

REASONS = "reasons"

_ACCEPTED_KINDS = {"string": "O", "double": "if", "int": "if", "timestamp": "M"}


class ContractError(ValueError):
    """A delivery whose columns are not those of the contract; nothing was written."""


def check_columns(table: Table, delivery: pd.DataFrame) -> None:
    """Refuses a delivery with missing, unknown or retyped columns.

    Raises:
        ContractError: One line per fault, naming the column.
    """
    expected = {column.name: column for column in table.columns}
    faults = [f"column {c} is missing" for c in expected if c not in delivery.columns]
    faults += [f"column {c} is not in the contract" for c in delivery.columns if c not in expected]
    faults += [
        f"column {name} is {delivery[name].dtype}, the contract says {column.type}"
        for name, column in expected.items()
        if name in delivery.columns and not _is_accepted(column, delivery[name])
    ]
    if faults:
        lines = [f"source {table.name}: {fault}" for fault in faults]
        raise ContractError("\n".join([*lines, f"nothing was written; ask {table.owner}"]))


def _is_accepted(column: Column, values: pd.Series) -> bool:
    return values.dtype.kind in _ACCEPTED_KINDS[column.type] or bool(values.isna().all())


def load_delivery(spark: SparkSession, table: Table, delivery: pd.DataFrame) -> DataFrame:
    """Loads the delivery in the contract's types; a value that cannot be cast is null.

    Keys and required columns may be null here: `judge_rows` refuses such rows, one by one.
    """
    names = table.column_names
    prepared = pd.DataFrame({c.name: _prepare(c, delivery[c.name]) for c in table.columns})
    frame = spark.createDataFrame(prepared, ", ".join(f"`{n}` {_wide(table, n)}" for n in names))
    return frame.select(*(F.col(c.name).try_cast(c.type).alias(c.name) for c in table.columns))


def _prepare(column: Column, values: pd.Series) -> pd.Series:
    if column.type in ("double", "int"):
        return values.astype("Float64")
    return values.astype("string") if column.type == "string" else values


def _wide(table: Table, name: str) -> str:
    (column,) = (c for c in table.columns if c.name == name)
    return "double" if column.type == "int" else column.type


def judge_rows(rows: DataFrame, table: Table, window: Window) -> DataFrame:
    """Adds `reasons`, an array of the rules that a row breaks; empty for an accepted row.

    Of equal rows, one is accepted. Rows with equal keys and different values are all refused, since
    nothing tells which of them is right. A row outside the window is refused too, since rows are
    compared with the window's part of the table only.
    """
    digest = hash_row(rows.columns)
    # Both windows share one order, so that Spark sorts the rows once.
    before = Over.partitionBy(*table.keys).orderBy(digest)
    same_key = before.rowsBetween(Over.unboundedPreceding, Over.unboundedFollowing)
    conflict = F.min(digest).over(same_key) != F.max(digest).over(same_key)
    repeated = F.row_number().over(before) > 1
    rules = [rule for column in table.columns for rule in _list_rules(column, table)]
    rules += [
        _rule(F.col(table.time) >= F.lit(window.end), f"{table.time}: in the future of the run"),
        _rule(F.col(table.time) < F.lit(window.start), f"{table.time}: before the run's window"),
        _rule(conflict, f"{'+'.join(table.keys)}: same key, other values"),
        _rule(repeated & ~conflict, f"{'+'.join(table.keys)}: repeated row"),
    ]
    return rows.withColumn(REASONS, F.array_compact(F.array(*rules)))


def hash_row(columns: Sequence[str]) -> SparkColumn:
    """Hashes the values of columns, and which are null: a hash of values passes nulls over."""
    return F.xxhash64(*columns, *map(F.isnull, columns))


def _list_rules(column: Column, table: Table) -> list[SparkColumn]:
    value = F.col(column.name)
    rules = []
    if column.required or column.name in table.keys:
        rules.append(_rule(value.isNull(), f"{column.name}: null"))
    if column.type == "double":
        finite = ~F.isnan(value) & (F.abs(value) != F.lit(float("inf")))
        rules.append(_rule(value.isNotNull() & ~finite, f"{column.name}: not a finite number"))
    if column.minimum is not None:
        rules.append(_rule(value < column.minimum, f"{column.name}: below {column.minimum:g}"))
    if column.maximum is not None:
        rules.append(_rule(value > column.maximum, f"{column.name}: above {column.maximum:g}"))
    if column.allowed:
        rules.append(_rule(~value.isin(*column.allowed), f"{column.name}: not an allowed value"))
    return rules


def _rule(broken: SparkColumn, reason: str) -> SparkColumn:
    return F.when(broken, F.lit(reason))
