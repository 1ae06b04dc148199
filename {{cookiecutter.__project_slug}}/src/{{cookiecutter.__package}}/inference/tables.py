"""The history of predictions, which inference writes; `views.py` tells which of them count."""

from __future__ import annotations

from ..platform.kinds import SCORE
from ..platform.vocabulary import Column, Table, pick_columns
from ..use_case.problem import PROBLEM

DAYS_AHEAD = "days_ahead"
FEATURE_AGE = "feature_age"
# Why there is no score: rows of this kind are the quarantine of predictions.
UNSCORED = "unscored"
PREDICTIONS = Table(
    "models",
    "predictions",
    f"Every prediction ever made, by the champion of the time: {PROBLEM.predicts}.",
    (
        *pick_columns(PROBLEM.examples, PROBLEM.example_columns),
        Column("model_version", "int", "version that scored"),
        *(
            Column(*told, formerly="probability" if told.name == SCORE else "")
            for told in PROBLEM.kind.columns
        ),
        Column("as_of", "date", "run that scored"),
        Column("scored_at", "timestamp", "UTC; when it was scored, by the clock"),
        Column(
            DAYS_AHEAD,
            "int",
            "whole days from as_of to the moment of prediction; null: made afterwards",
        ),
        Column(
            FEATURE_AGE,
            "double",
            "hours from the oldest row looked up to the look-up; null: no row was found",
        ),
        Column(UNSCORED, "string", "why there is no score; null: there is one"),
    ),
    (*PROBLEM.key, "model_version", "as_of"),
    PROBLEM.event_time,
    feeds=True,
)
