"""The tables of champions and of states: the history of each model version."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

PROMOTIONS = Table(
    "models",
    "promotions",
    "Which version became champion when, by promotion or rollback; the last one counts.",
    (
        Column("number", "int", "1, 2, 3, in order"),
        Column("model_version", "int", "version in the registry"),
        Column("as_of", "date", "date from which it is the champion"),
        Column("former_version", "int", "champion before; null for the first"),
        Column("kind", "string", "promotion or rollback"),
        Column("by", "string", "who, as far as it is known"),
        Column("reason", "string", "in words"),
        Column("request", "string", "job run that asked for a rollback; null for a promotion"),
        Column("changed_at", "timestamp", "UTC; when it was recorded"),
    ),
    ("number",),
    "as_of",
)

TRANSITIONS = Table(
    "models",
    "transitions",
    "Every change of a version's state.",
    (
        Column("model_version", "int", "version in the registry"),
        Column("state", "string", "pending, validating, awaiting_approval, champion, ..."),
        Column("as_of", "date", "run that changed it"),
        Column("by", "string", "who, as far as it is known"),
        Column(
            "evidence",
            "string",
            "digest of what it rests on: results; for an approval also files, model card, baseline",
        ),
        Column("reason", "string", "in words"),
        Column("changed_at", "timestamp", "UTC; when it was recorded"),
    ),
    ("model_version", "state", "as_of", "evidence", "reason"),
    "as_of",
)
