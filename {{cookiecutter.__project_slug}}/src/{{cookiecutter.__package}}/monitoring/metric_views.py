"""The metric views that business viewers read; each measure is defined once, here."""

from __future__ import annotations

from ..inference.views import PREDICTIONS_IN_FORCE
from ..platform.metric_views import MetricView
from ..platform.sql import quote_name
from ..use_case.problem import PROBLEM
from .tables import METRICS

DAILY_PREDICTIONS = MetricView(
    METRICS.schema,
    "daily_predictions",
    PREDICTIONS_IN_FORCE,
    f"How many {PROBLEM.nouns} are predicted, and the mean {PROBLEM.kind.columns[0].comment}.",
    {
        "event_day": f"date_trunc('DAY', {quote_name(PROBLEM.event_time)})",
        "model_version": "model_version",
    },
    {
        "examples": "count(*)",
        "mean_score": "avg(score)",
    },
)

# The primary metric is better where it is larger, or where it is smaller.
WORST = "min" if PROBLEM.kind.primary.sign > 0 else "max"
MODEL_QUALITY = MetricView(
    METRICS.schema,
    "model_quality",
    METRICS,
    "How well the model does, and what drifts.",
    {"window_end": "window_end", "model_version": "model_version", "subject": "subject"},
    {
        "worst_primary": f"{WORST}(value) FILTER (WHERE statistic = 'primary')",
        "largest_loss": "max(value) FILTER (WHERE statistic = 'loss')",
        "largest_drift": "max(value) FILTER (WHERE statistic = 'psi')",
        "alerts": "count_if(alert)",
    },
)

METRIC_VIEWS = (DAILY_PREDICTIONS, MODEL_QUALITY)
