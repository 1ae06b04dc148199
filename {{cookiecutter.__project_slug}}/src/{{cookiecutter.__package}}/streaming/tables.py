"""The record of the micro-batches that a stream has scored."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table
from ..use_case.problem import PROBLEM

STREAM_BATCHES = Table(
    "models",
    "stream_batches",
    "What arrived in each micro-batch of the stream, and which champion scored it.",
    (
        Column("stream", "string", "id of the stream's checkpoint"),
        Column("number", "long", "0, 1, 2, in order"),
        Column("as_of", "date", "UTC day of known_until"),
        Column("known_until", "timestamp", "UTC; when the last row that arrived was known"),
        Column("model_version", "int", "champion of as_of; null: there was none yet"),
        Column("arrived", "long", f"rows of the table {PROBLEM.examples.name}"),
        Column("ahead", "long", f"{PROBLEM.nouns} whose moment of prediction was still to come"),
        Column("written_at", "timestamp", "UTC; when this row was written"),
    ),
    ("stream", "number"),
    "as_of",
)
