"""What business viewers read: metric views, whose measures are defined once, here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from ..settings import RunSettings
from ..sql import quote_name
from ..tables import METRICS, PREDICTIONS, Table


@dataclass(frozen=True)
class MetricView:
    """A metric view of Unity Catalog, in the schema of monitoring.

    Attributes:
        dimensions: SQL expressions over the source's columns, by name.
        measures: SQL aggregates over the source's columns, by name.
    """

    name: str
    source: Table
    comment: str
    dimensions: Mapping[str, str]
    measures: Mapping[str, str]

    def full_name(self, settings: RunSettings) -> str:
        """`catalog.schema.name`."""
        return f"{METRICS.full_name(settings).rpartition('.')[0]}.{self.name}"

    def define(self, settings: RunSettings) -> str:
        """Its definition in YAML, version 1.1 of Databricks' specification."""
        definition = {
            "version": 1.1,
            "comment": self.comment,
            "source": f"SELECT * FROM {quote_name(self.source.full_name(settings))}",
            "dimensions": [{"name": n, "expr": e} for n, e in self.dimensions.items()],
            "measures": [{"name": n, "expr": e} for n, e in self.measures.items()],
        }
        return yaml.safe_dump(definition, sort_keys=False, width=1_000)


EXPECTED_DELAYS = MetricView(
    "expected_delays",
    PREDICTIONS,
    "How many flights are expected to arrive late.",
    {
        "departure_day": "date_trunc('DAY', scheduled_departure)",
        "model_version": "model_version",
    },
    {
        "flights": "count(DISTINCT flight_id)",
        "expected_late_share": "avg(probability)",
    },
)

MODEL_QUALITY = MetricView(
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
