"""Describes refused rows as they were delivered, each one once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import Window as Over
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from ..platform.delta import make_frame
from ..platform.sources import Rows
from ..platform.vocabulary import Table
from .contracts import NUMBER, REASONS

DESCRIPTION = StructType(
    [StructField(name, StringType()) for name in ("row_id", "source", "reason", "row")]
)


def describe_refused(refused: DataFrame, table: Table, delivery: Rows) -> DataFrame:
    """Describes refused rows for the quarantine; numbers equal rows, so that each one counts.

    Args:
        refused: The numbers of the rows and their reasons.
        delivery: All rows as the source delivered them.
    """
    if isinstance(delivery, pd.DataFrame):
        described = [*_describe_pandas(refused, table, delivery)]
        return make_frame(refused.sparkSession, described, DESCRIPTION)
    text = F.to_json(F.struct(*table.column_names), {"ignoreNullFields": "false"})
    rows = delivery.select(NUMBER, text.alias("row"))
    reasons = refused.select(NUMBER, F.array_join(REASONS, "; ").alias("reason"))
    seen = F.row_number().over(Over.partitionBy("row").orderBy(NUMBER)).cast("string")
    identity = F.concat_ws("\n", F.lit(table.name), "row", seen)
    told = {"row_id": F.sha2(identity, 256), "source": F.lit(table.name)}
    return reasons.join(rows, NUMBER).withColumns(told).select(*DESCRIPTION.names)


def _describe_pandas(
    refused: DataFrame, table: Table, delivery: pd.DataFrame
) -> Iterator[dict[str, str]]:
    reasons = {row[NUMBER]: "; ".join(row[REASONS]) for row in refused.collect()}
    seen: Counter[str] = Counter()
    for number in sorted(reasons):
        row = write_row(delivery.iloc[number], table)
        seen[row] += 1
        identity = "\n".join((table.name, row, str(seen[row])))
        yield {
            "row_id": hashlib.sha256(identity.encode()).hexdigest(),
            "source": table.name,
            "reason": reasons[number],
            "row": row,
        }


def write_row(row: pd.Series, table: Table) -> str:
    """Writes a row as JSON; a value that JSON does not know is written as a text."""
    values = {name: _simplify(row[name]) for name in table.column_names}
    return json.dumps(values, ensure_ascii=False, allow_nan=False, default=str)


def _simplify(value: Any) -> Any:
    if pd.isna(value):
        return None
    plain = value.item() if hasattr(value, "item") else value
    return str(plain) if plain in (float("inf"), float("-inf")) else plain
