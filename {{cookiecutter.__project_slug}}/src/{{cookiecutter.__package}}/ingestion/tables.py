"""The table of refused rows, which ingestion writes beside the raw tables."""

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
        Column("row", "string", "the row as JSON, with whatever it says", personal="drop"),
    ),
    ("row_id",),
    "as_of",
)
