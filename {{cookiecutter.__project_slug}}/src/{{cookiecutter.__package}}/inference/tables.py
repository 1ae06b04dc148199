"""The table of predictions, which inference writes."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

PREDICTIONS = Table(
    "predictions",
    "predictions",
    "Probability that a flight arrives late, as the champion of the time saw it.",
    (
        Column("flight_id", "string", "as in flights"),
        Column("model_version", "int", "version that scored"),
        Column("scheduled_departure", "timestamp", "UTC"),
        Column("probability", "double", "of arriving more than 15 minutes late"),
        Column("as_of", "date", "run that scored"),
    ),
    ("flight_id", "model_version"),
    "scheduled_departure",
)
