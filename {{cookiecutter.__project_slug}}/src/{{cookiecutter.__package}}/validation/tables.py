"""The table of results, which validation writes."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

VALIDATION_RESULTS = Table(
    "models",
    "validation_results",
    "Every check of every model version.",
    (
        Column("model_version", "int", "version in the registry"),
        Column("check", "string", "name of the check; 'decision' sums up"),
        Column("slice", "string", "part of the rows, such as origin=JFK; empty for all"),
        Column("as_of", "date", "run that judged"),
        Column("metric", "string", "what was measured"),
        Column("value", "double", "its value"),
        Column("lower", "double", "lower end of the interval"),
        Column("upper", "double", "upper end of the interval"),
        Column("threshold", "double", "what the check demands"),
        Column("verdict", "string", "passed, failed, inconclusive (blocks too) or reported"),
        Column("reason", "string", "in words"),
        Column("champion_version", "int", "version compared with; null for a first model"),
        Column("run_id", "string", "MLflow run that trained the version"),
        Column("window_start", "timestamp", "UTC; first event time evaluated"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("judged_at", "timestamp", "UTC; when the check was made"),
        Column("seconds", "double", "what the check took"),
    ),
    ("model_version", "check", "slice"),
    "as_of",
)
