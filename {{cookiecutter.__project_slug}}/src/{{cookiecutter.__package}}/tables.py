"""Every table that the stages keep, beside the raw and feature tables."""

from __future__ import annotations

from .inference.tables import PREDICTIONS
from .ingestion.tables import QUARANTINE
from .monitoring.tables import METRICS
from .platform.tables import WINDOWS
from .registry.tables import PROMOTIONS, TRANSITIONS
from .validation.tables import VALIDATION_RESULTS

RECORD_TABLES = (
    QUARANTINE, VALIDATION_RESULTS, PROMOTIONS, TRANSITIONS, PREDICTIONS, METRICS, WINDOWS,
)  # fmt: skip
