"""Names and texts as SQL writes them; nothing else is ever put into a statement."""

from __future__ import annotations


def quote_name(name: str) -> str:
    """`catalog.schema.table` with each part in backticks."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in name.split("."))


def quote_text(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
