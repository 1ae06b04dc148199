"""Quotes names and texts for SQL; no other text is ever put into a statement."""

from __future__ import annotations


def quote_name(name: str) -> str:
    """Puts each part of `catalog.schema.table` into backticks.

    Usage: `spark.sql(f"DESCRIBE {quote_name(table)}")`.
    """
    return ".".join(f"`{part.replace('`', '``')}`" for part in name.split("."))


def quote_text(text: str) -> str:
    """Returns a text as a string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
