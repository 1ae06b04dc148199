"""The metric views that business viewers read; each measure is defined once, here."""

from __future__ import annotations

from ..inference.views import PREDICTIONS_IN_FORCE
from ..platform.metric_views import MetricView
from ..platform.sql import quote_name
from ..use_case.problem import PROBLEM
from .tables import METRICS

EXPECTED_EVENTS = MetricView(
    METRICS.schema,
    "expected_events",
    PREDICTIONS_IN_FORCE,
    f"How many {PROBLEM.nouns} are expected to be {PROBLEM.event}.",
    {
        "event_day": f"date_trunc('DAY', {quote_name(PROBLEM.event_time)})",
        "model_version": "model_version",
    },
    {
        "examples": "count(*)",
        "expected_share": "avg(probability)",
    },
)

MODEL_QUALITY = MetricView(
    METRICS.schema,
    "model_quality",
    METRICS,
    "How well the model does, and what drifts.",
    {"window_end": "window_end", "model_version": "model_version", "subject": "subject"},
    {
        "lowest_auc": "min(value) FILTER (WHERE statistic = 'auc')",
        "highest_log_loss": "max(value) FILTER (WHERE statistic = 'log_loss')",
        "largest_drift": "max(value) FILTER (WHERE statistic = 'psi')",
        "alerts": "count_if(alert)",
    },
)

METRIC_VIEWS = (EXPECTED_EVENTS, MODEL_QUALITY)
