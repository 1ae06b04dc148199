"""Flights with their features as of the moment of prediction, with or without labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from databricks.feature_engineering import FeatureLookup
from pyspark.sql import DataFrame

from .problem import LABEL, describe_flights, label_flights
from .settings import Settings
from .tables import FLIGHTS, OUTCOMES
from .windows import Window
from .workspace import Workspace


def read_flights(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """The window's flights, described as the model sees them."""
    flights = workspace.spark.table(FLIGHTS.source_name(settings))
    return describe_flights(window.select(flights, FLIGHTS.time))


def read_labelled_flights(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """The window's flights whose label was known at `as_of`."""
    outcomes = workspace.spark.table(OUTCOMES.source_name(settings))
    # An outcome is never known before the departure it belongs to: older files need no reading.
    outcomes = outcomes.where(outcomes[OUTCOMES.time] >= window.start)
    return label_flights(read_flights(workspace, settings, window), outcomes, settings.cutoff)


def make_training_set(
    workspace: Workspace, flights: DataFrame, lookups: Sequence[FeatureLookup]
) -> Any:
    """The feature client's training set: `flights` joined with features, point in time."""
    label = LABEL if LABEL in flights.columns else None
    return workspace.features.create_training_set(
        df=flights, feature_lookups=list(lookups), label=label
    )
