"""The metric views that business viewers read; each measure is defined once, here."""

from __future__ import annotations

from ..inference.views import PREDICTIONS_IN_FORCE
from ..platform.metric_views import MetricView
from .tables import METRICS

EXPECTED_DELAYS = MetricView(
    METRICS.schema,
    "expected_delays",
    PREDICTIONS_IN_FORCE,
    "How many flights are expected to arrive late.",
    {
        "departure_day": "date_trunc('DAY', scheduled_departure)",
        "model_version": "model_version",
    },
    {
        "flights": "count(*)",
        "expected_late_share": "avg(probability)",
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

METRIC_VIEWS = (EXPECTED_DELAYS, MODEL_QUALITY)
