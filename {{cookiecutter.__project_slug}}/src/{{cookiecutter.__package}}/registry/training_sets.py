"""Examples with their features as of the moment of prediction, with or without labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from databricks.feature_engineering import FeatureLookup
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..platform.examples import describe_examples, label_examples
from ..platform.problem import LABEL, PREDICTION_TIME
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings, to_instant
from ..use_case.problem import PROBLEM


class RepeatedKeyError(ValueError):
    """A key is there twice, as when it moved further than its source looks back."""

    def __init__(self, number: int, example: object) -> None:
        key = ", ".join(PROBLEM.key)
        super().__init__(
            f"{number} rows have a {key} that another row has too, such as {example}: delete the"
            " wrong row of the raw table, and the row of its day in the table days; then run the"
            " job ingestion"
        )


def read_examples(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """Reads the window's examples and describes them as the model sees them."""
    rows = workspace.spark.table(PROBLEM.examples.source_name(settings))
    return describe_examples(PROBLEM, window.select(rows, PROBLEM.event_time))


def read_labelled_examples(
    workspace: Workspace, settings: Settings, window: Window, as_of: dt.date
) -> DataFrame:
    """Reads the window's examples whose label was known on a date."""
    examples = read_examples(workspace, settings, window)
    outcomes = read_outcomes(workspace, settings, window)
    return label_examples(PROBLEM, examples, outcomes, to_instant(as_of))


def read_outcomes(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """Reads what became of the window's examples, perhaps after its end."""
    outcomes = workspace.spark.table(PROBLEM.labelling.source_name(settings))
    # Nothing is known of an event before it begins, so older files need no reading.
    return outcomes.where(F.col(PROBLEM.labelling.time) >= F.lit(window.start))


def make_training_set(
    workspace: Workspace, examples: DataFrame, lookups: Sequence[FeatureLookup]
) -> Any:
    """Makes the feature client's training set: `examples` joined with features, point in time.

    Usage: `make_training_set(workspace, examples, list_lookups(settings)).load_df()`.
    """
    label = LABEL if LABEL in examples.columns else None
    return workspace.features.create_training_set(
        df=examples, feature_lookups=list(lookups), label=label
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
        for table in PROBLEM.lookups
    ]


def name_trained_tables(settings: Settings) -> dict[Table, str]:
    """Names in full the tables that every training reads."""
    names: dict[Table, str] = {table: table.full_name(settings) for table in PROBLEM.lookups}
    raw = (PROBLEM.examples, PROBLEM.labelling)
    return names | {table: table.source_name(settings) for table in raw}
