"""Describes refused rows as they were delivered, each one once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from ..platform.vocabulary import Table
from .contracts import NUMBER, REASONS


def describe_refused(
    refused: DataFrame, table: Table, delivery: pd.DataFrame
) -> Iterator[dict[str, str]]:
    """Describes refused rows for the quarantine; numbers equal rows, so that each one counts.

    Args:
        refused: The numbers of the rows and their reasons.
        delivery: All rows as the source delivered them.
    """
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
