"""Flights with their features as of the moment of prediction, with or without labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from databricks.feature_engineering import FeatureLookup
from pyspark.sql import DataFrame

from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings
from ..use_case.inputs import list_features
from ..use_case.problem import LABEL, PREDICTION_TIME, describe_flights, label_flights
from ..use_case.tables import (
    CARRIER_DELAYS,
    FEATURE_TABLES,
    FLIGHTS,
    ORIGIN_DELAYS,
    ORIGIN_WEATHER,
    OUTCOMES,
)

_LOOKUP_KEYS = {ORIGIN_WEATHER: "origin", ORIGIN_DELAYS: "origin", CARRIER_DELAYS: "carrier"}


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


def name_trained_tables(settings: Settings) -> dict[Table, str]:
    """The tables that every training reads, with their full names."""
    names = {table: table.full_name(settings) for table in FEATURE_TABLES}
    return names | {table: table.source_name(settings) for table in (FLIGHTS, OUTCOMES)}


def list_lookups(settings: Settings) -> list[FeatureLookup]:
    """The features a model trained now looks up, as of the moment of prediction."""
    return [
        FeatureLookup(
            table_name=table.full_name(settings),
            lookup_key=[key],
            timestamp_lookup_key=PREDICTION_TIME,
            feature_names=list_features(table),
        )
        for table, key in _LOOKUP_KEYS.items()
    ]
