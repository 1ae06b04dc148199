"""Flights with their features as of the moment of prediction, with or without labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from databricks.feature_engineering import FeatureLookup
from pyspark.sql import DataFrame

from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings, to_instant
from ..use_case.problem import KEY, LABEL, PREDICTION_TIME, describe_flights, label_flights
from ..use_case.tables import FEATURE_TABLES, FLIGHTS, OUTCOMES


class RepeatedKeyError(ValueError):
    """A key is there twice, as when it moved further than its source looks back."""

    def __init__(self, number: int, example: str) -> None:
        super().__init__(
            f"{number} rows have a {KEY} that another row has too, such as {example}: delete the"
            " wrong row of the raw table, and the row of its day in the table days; then run the"
            " job ingestion"
        )


def read_flights(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """Reads the window's flights and describes them as the model sees them."""
    flights = workspace.spark.table(FLIGHTS.source_name(settings))
    return describe_flights(window.select(flights, FLIGHTS.time))


def read_labelled_flights(
    workspace: Workspace, settings: Settings, window: Window, as_of: dt.date
) -> DataFrame:
    """Reads the window's flights whose label was known on a date."""
    outcomes = workspace.spark.table(OUTCOMES.source_name(settings))
    # An outcome is never known before its flight departs, so older files need no reading.
    outcomes = outcomes.where(outcomes[OUTCOMES.time] >= window.start)
    return label_flights(read_flights(workspace, settings, window), outcomes, to_instant(as_of))


def make_training_set(
    workspace: Workspace, flights: DataFrame, lookups: Sequence[FeatureLookup]
) -> Any:
    """Makes the feature client's training set: `flights` joined with features, point in time.

    Usage: `make_training_set(workspace, flights, list_lookups(settings)).load_df()`.
    """
    label = LABEL if LABEL in flights.columns else None
    return workspace.features.create_training_set(
        df=flights, feature_lookups=list(lookups), label=label
    )


def list_lookups(settings: Settings) -> list[FeatureLookup]:
    """Lists the features that a model trained now looks up, as of the moment of prediction."""
    return [
        FeatureLookup(
            table_name=table.full_name(settings),
            lookup_key=table.lookup_keys,
            timestamp_lookup_key=PREDICTION_TIME,
            feature_names=table.features,
            lookback_window=table.greatest_age,
        )
        for table in FEATURE_TABLES
    ]


def name_trained_tables(settings: Settings) -> dict[Table, str]:
    """Names in full the tables that every training reads."""
    names: dict[Table, str] = {table: table.full_name(settings) for table in FEATURE_TABLES}
    return names | {table: table.source_name(settings) for table in (FLIGHTS, OUTCOMES)}
