"""Data contracts: refuse a delivery of a wrong shape, and judge each row of the others.

The rules are the columns of the raw tables, in `use_case/tables.py`. What is stored is what was
delivered, as a pandas or a Spark frame: a row with a value that would be another one in the
contract's type is refused.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Window as Over
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, LongType, StringType, StructField, StructType

from ..platform.delta import digest_row
from ..platform.rules import list_rules, name_broken
from ..platform.sources import Rows
from ..platform.vocabulary import Column, Table, parse_type
from ..platform.windows import Window
from ..use_case.problem import PROBLEM
from . import conversion, spark_conversion

# No declared column has a space or a hyphen in its name; Delta stores names with a hyphen.
REASONS, NUMBER, ALTERED = "reasons of refusal", "row-number", "altered columns"
BOOKKEEPING = (
    StructField(NUMBER, LongType()),
    StructField(ALTERED, ArrayType(StringType())),
)


class ContractError(ValueError):
    """A delivery whose shape is not that of the contract; nothing was written."""


def check_delivery(table: Table, delivery: object) -> None:
    """Refuses what is no frame, and missing, unknown, repeated or retyped columns.

    Raises:
        ContractError: One line per fault, naming source and column.
    """
    faults = list_faults(table, delivery)
    if faults:
        lines = [f"source {table.name}: {fault}" for fault in faults]
        raise ContractError("\n".join([*lines, f"nothing was written; ask {table.owner}"]))


def list_faults(table: Table, delivery: object) -> list[str]:
    """Lists what is wrong with the shape of a delivery; types are judged once names are right."""
    if not isinstance(delivery, pd.DataFrame | DataFrame):
        return [f"it delivered a {type(delivery).__name__}, not a DataFrame of pandas or Spark"]
    names, given = table.column_names, list(delivery.columns)
    faults = [f"column {name} is missing" for name in names if name not in given]
    faults += [f"column {name} is not in the contract" for name in given if name not in names]
    faults += [f"column {n} is there {given.count(n)} times" for n in names if given.count(n) > 1]
    found = [] if faults else [(c.name, _find_fault(c, delivery)) for c in table.columns]
    return faults + [f"column {name} {fault}" for name, fault in found if fault]


def _find_fault(column: Column, delivery: Rows) -> str | None:
    if isinstance(delivery, pd.DataFrame):
        return conversion.find_fault(column, delivery[column.name])
    return spark_conversion.find_fault(column, delivery.schema[column.name].dataType)


def load_delivery(spark: SparkSession, table: Table, delivery: Rows) -> DataFrame:
    """Loads a delivery in the contract's types, with the number of each row.

    A value that would become another one is null, and `ALTERED` names its column. Keys and required
    columns may be null here, too: `judge_rows` refuses such rows, one by one.

    Args:
        delivery: Of pandas, or of Spark with the column `NUMBER`.
    """
    if isinstance(delivery, pd.DataFrame):
        return _load_pandas(spark, table, delivery)
    types = {field.name: field.dataType for field in delivery.schema}
    values = {c.name: spark_conversion.convert(c, types[c.name]) for c in table.columns}
    altered = [F.when(F.col(n).isNotNull() & v.isNull(), F.lit(n)) for n, v in values.items()]
    converted = [value.alias(name) for name, value in values.items()]
    return delivery.select(*converted, NUMBER, F.array_compact(F.array(*altered)).alias(ALTERED))


def _load_pandas(spark: SparkSession, table: Table, delivery: pd.DataFrame) -> DataFrame:
    values = {c.name: conversion.convert(c, delivery[c.name]) for c in table.columns}
    altered = {n: (v.isna().to_numpy() & delivery[n].notna().to_numpy()) for n, v in values.items()}
    names = [n for n, changed in altered.items() if changed.any()]
    lists = [[n for n in names if altered[n][row]] for row in range(len(delivery))]
    arrays = {name: pa.Array.from_pandas(column) for name, column in values.items()}
    arrays |= {NUMBER: pa.array(np.arange(len(delivery))), ALTERED: pa.array(lists)}
    fields = [StructField(c.name, parse_type(c.type)) for c in table.columns]
    return spark.createDataFrame(pa.table(arrays), StructType([*fields, *BOOKKEEPING]))


def judge_rows(rows: DataFrame, table: Table, window: Window) -> DataFrame:
    """Adds `REASONS`, an array of the rules that a row breaks; empty for an accepted row.

    Of equal rows, one is accepted. Rows with equal keys and different values are all refused, since
    nothing tells which of them is right. A row outside the window is refused too, since rows are
    compared with the window's part of the table only.
    """
    # A value that is null because it was altered differs from one that was delivered as null.
    digest = digest_row([*table.column_names, ALTERED])
    # Both windows share one order, so that Spark sorts the rows once.
    before = Over.partitionBy(*table.keys).orderBy(digest, NUMBER)
    same_key = before.rowsBetween(Over.unboundedPreceding, Over.unboundedFollowing)
    conflict = F.min(digest).over(same_key) != F.max(digest).over(same_key)
    repeated = F.row_number().over(before) > 1
    rules = [rule for column in table.columns for rule in _list_rules(column, table)]
    if table == PROBLEM.examples:
        rules.append(_make_lead_rule())
    rules += [
        name_broken(
            F.col(table.time) >= F.lit(window.end), f"{table.time}: in the future of the run"
        ),
        name_broken(
            F.col(table.time) < F.lit(window.start), f"{table.time}: before the run's window"
        ),
        name_broken(conflict, f"{'+'.join(table.keys)}: same key, other values"),
        name_broken(repeated & ~conflict, f"{'+'.join(table.keys)}: repeated row"),
    ]
    return rows.withColumn(REASONS, F.array_compact(F.array(*rules)))


def _list_rules(column: Column, table: Table) -> list[SparkColumn]:
    altered = F.array_contains(ALTERED, column.name)
    # A key is required. A value that was altered is null, and has its own reason.
    judged = replace(column, required=column.required or column.name in table.keys)
    kept = [F.when(~altered, rule) for rule in list_rules(judged)]
    return [name_broken(altered, f"{column.name}: no {column.type} as delivered"), *kept]


def _make_lead_rule() -> SparkColumn:
    # Stages read the examples of a window from rows known at most the lead before the window.
    known_at, event_time = PROBLEM.examples.time, PROBLEM.event_time
    days = PROBLEM.lead / dt.timedelta(days=1)
    early = F.col(known_at) + F.lit(PROBLEM.lead) < F.col(event_time)
    return name_broken(early, f"{known_at}: more than {days:g} days before {event_time}")
