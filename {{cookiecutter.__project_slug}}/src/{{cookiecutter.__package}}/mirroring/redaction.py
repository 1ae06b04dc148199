"""Removes from a mirror personal values, and rows outside the sample."""

from __future__ import annotations

import hashlib
import hmac
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..platform.vocabulary import Table
from ..use_case.problem import PROBLEM

# A fraction is exact to a ten-thousandth.
BUCKETS = 10_000


def redact_rows(rows: DataFrame, table: Table, key: str) -> DataFrame:
    """Hashes personal columns with `key` (HMAC-SHA256, hexadecimal), or sets them to null.

    Equal values have equal hashes in every table, so that joins still match. Without the key,
    nobody can find a value by trying.
    """
    redacted = {c.name: _redact(c.name, c.personal, key) for c in table.columns if c.personal}
    # Spark Connect refuses to add no column at all.
    return rows.withColumns(redacted) if redacted else rows


def _redact(column: str, how: str, key: str) -> Column:
    if how == "drop":
        return F.lit(None)

    # A function keeps the key out of the query plan, which others can read.
    return F.udf(partial(hash_text, key), "string", useArrow=True)(column)


def hash_text(key: str, text: str | None) -> str | None:
    """Hashes a text by HMAC-SHA256 (RFC 2104), in hexadecimal; None stays None."""
    if text is None:
        return None
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def sample_rows(rows: DataFrame, fraction: float) -> DataFrame:
    """Samples a share of the entities, the same ones in every table and run.

    A table without the key of the examples is kept whole.
    """
    if not set(PROBLEM.key) <= set(rows.columns):
        return rows
    return rows.where(F.pmod(F.xxhash64(*PROBLEM.key), BUCKETS) < round(fraction * BUCKETS))
