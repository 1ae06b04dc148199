"""Every table and view that the stages keep, beside the raw and feature tables."""

from __future__ import annotations

from .inference.tables import PREDICTIONS
from .inference.views import PREDICTIONS_IN_FORCE
from .ingestion.tables import DELIVERIES, QUARANTINE
from .monitoring.tables import METRICS
from .platform.tables import FEATURE_DAYS, RAW_DAYS
from .registry.tables import PROMOTIONS, TRANSITIONS
from .sinks.tables import SINK_BATCHES
from .streaming.tables import STREAM_BATCHES
from .validation.tables import VALIDATION_RESULTS

RECORD_TABLES = (
    QUARANTINE, DELIVERIES, RAW_DAYS, FEATURE_DAYS, VALIDATION_RESULTS, PROMOTIONS, TRANSITIONS,
    PREDICTIONS, STREAM_BATCHES, SINK_BATCHES, METRICS,
)  # fmt: skip
VIEWS = (PREDICTIONS_IN_FORCE,)
