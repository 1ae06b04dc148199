"""The table of the platform: which window of which table is finished."""

from __future__ import annotations

from .vocabulary import Column, Table

WINDOWS = Table(
    "monitoring",
    "windows",
    "Which window of which table a run finished, and the row counts.",
    (
        Column("table", "string", "table written"),
        Column("as_of", "date", "run"),
        Column("window_start", "timestamp", "UTC"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("inputs", "string", "digest of what the rows were computed from"),
        Column("recipe", "string", "digest of code and source; of raw rows, where they are from"),
        Column("table_version", "long", "Delta version after the window"),
        Column("rows_in", "long", "rows delivered"),
        Column("rows_kept", "long", "rows that satisfy the contract"),
        Column("rows_quarantined", "long", "rows that do not"),
    ),
    ("table", "as_of"),
    "as_of",
)
