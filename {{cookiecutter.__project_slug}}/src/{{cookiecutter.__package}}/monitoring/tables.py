"""The table of metrics, which monitoring writes."""

from __future__ import annotations

from ..platform.vocabulary import Column, Table

METRICS = Table(
    "monitoring",
    "metrics",
    "One row per fact that monitoring observed.",
    (
        Column("as_of", "date", "run that observed"),
        Column("window_start", "timestamp", "UTC; first event time observed"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("model_version", "int", "version that scored"),
        Column("kind", "string", "input_drift, prediction_drift, performance or volume"),
        Column("subject", "string", "column, or when predictions were made: in time, afterwards"),
        Column(
            "statistic",
            "string",
            "psi, primary, loss, calibration, rows, labels, without_features",
        ),
        Column("value", "double", "null when it cannot be computed"),
        Column("threshold", "double", "from the variation inside training; null: not judged"),
        Column("alert", "boolean", "value beyond threshold"),
    ),
    ("as_of", "window_start", "model_version", "kind", "subject", "statistic"),
    "as_of",
)
