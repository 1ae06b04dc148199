"""The history of predictions, which inference writes; `views.py` tells which of them count."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

PREDICTIONS = Table(
    "models",
    "predictions",
    "Every prediction ever made: the probability of a late arrival, by the champion of the time.",
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
