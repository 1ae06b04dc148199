"""Writes the rules of a declared column as conditions of Spark, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from .vocabulary import Column


def list_rules(column: Column) -> Iterator[SparkColumn]:
    """Lists a text for each rule that a value breaks; null where the value keeps the rule."""
    value = F.col(column.name)
    if column.required:
        yield name_broken(value.isNull(), f"{column.name}: null")
    if column.type == "double":
        finite = ~F.isnan(value) & (F.abs(value) != F.lit(float("inf")))
        yield name_broken(value.isNotNull() & ~finite, f"{column.name}: not a finite number")
    if column.minimum is not None:
        yield name_broken(value < column.minimum, f"{column.name}: below {column.minimum:g}")
    if column.maximum is not None:
        yield name_broken(value > column.maximum, f"{column.name}: above {column.maximum:g}")
    if column.allowed:
        yield name_broken(~value.isin(*column.allowed), f"{column.name}: not an allowed value")


def name_broken(broken: SparkColumn, reason: str) -> SparkColumn:
    """Names the reason where a condition holds; null elsewhere."""
    return F.when(broken, F.lit(reason))
