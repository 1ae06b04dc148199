"""The record of the batches that each sink was handed."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

SINK_BATCHES = Table(
    "models",
    "sink_batches",
    "Which changes of the predictions each sink was handed, in batches; begun, then done.",
    (
        Column("sink", "string", "name in the variable sinks"),
        Column("number", "int", "1, 2, 3, in order"),
        Column("state", "string", "begun or done; what has begun only is handed on again"),
        Column("table_id", "string", "Delta's id of the table predictions"),
        Column("first_version", "long", "of the table predictions, whose rows the batch has"),
        Column("last_version", "long", "the last such version"),
        Column("barred_before", "array<int>", "versions rolled back from before the batch"),
        Column("barred", "array<int>", "versions rolled back from with the batch"),
        Column("rows", "long", "examples whose prediction in force may have changed"),
        Column("as_of", "date", "run that wrote this row"),
        Column("written_at", "timestamp", "UTC; when it was written"),
    ),
    ("sink", "number", "state"),
    "as_of",
)
