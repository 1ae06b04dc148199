"""The tables that ingestion writes beside the raw tables."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

QUARANTINE = Table(
    "raw",
    "quarantine",
    "Source rows that broke their contract, with the reason.",
    (
        Column("row_id", "string", "digest of source, row and occurrence"),
        Column("source", "string", "table the row was meant for"),
        Column("as_of", "date", "run that first saw it"),
        Column("reason", "string", "every rule that the row breaks"),
        Column("row", "string", "the row as delivered, as JSON", personal="drop"),
    ),
    ("row_id",),
    "as_of",
)

DELIVERIES = Table(
    "raw",
    "deliveries",
    "What a run asked of each source, and what became of the rows.",
    (
        Column("source", "string", "table the rows were meant for"),
        Column("as_of", "date", "run"),
        Column("window_start", "timestamp", "UTC; the table was owed everything from here on"),
        Column("asked_from", "timestamp", "UTC; the window's start, less the contract's lookback"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("rows_in", "long", "rows delivered, those of the lookback included"),
        Column("rows_kept", "long", "rows that satisfy the contract, new or stored before"),
        Column("rows_quarantined", "long", "rows that do not"),
    ),
    ("source", "as_of"),
    "as_of",
)
