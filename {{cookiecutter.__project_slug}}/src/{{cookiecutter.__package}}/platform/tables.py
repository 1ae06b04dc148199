"""The table of the platform: what each table holds, by day."""

from __future__ import annotations

from dataclasses import replace

from .vocabulary import Column, Table

# Whoever may read a schema's tables may read their record: each schema has its own.
FEATURE_DAYS = Table(
    "features",
    "days",
    "What each table of this schema holds, by day (UTC), and what the rows were made from.",
    (
        Column("table", "string", "table of this schema"),
        Column("day", "date", "UTC"),
        Column("rows", "long", "rows of that day"),
        Column("digest", "string", "of these rows, in any order", required=True),
        Column("made_from", "string", "digest of code and source rows; empty for a source's rows"),
    ),
    ("table", "day"),
    "day",
)
RAW_DAYS = replace(FEATURE_DAYS, schema="raw")
