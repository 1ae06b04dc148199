"""Examples with their features as of the moment of prediction, with or without labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from databricks.feature_engineering import FeatureLookup
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..platform.examples import describe_examples, label_examples
from ..platform.problem import LABEL, LOOKUP_TIME
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings, to_instant
from ..use_case.problem import PROBLEM


def read_examples(
    workspace: Workspace, settings: Settings, window: Window, cutoff: dt.datetime
) -> DataFrame:
    """Reads the examples with an event in the window, as a model sees them at `cutoff`."""
    rows = workspace.spark.table(PROBLEM.examples.source_name(settings))
    # No example is known longer before its event, so older files need no reading.
    known = Window(window.start - PROBLEM.lead, cutoff).select(rows, PROBLEM.examples.time)
    return window.select(describe_examples(PROBLEM, known, cutoff), PROBLEM.event_time)


def read_labelled_examples(
    workspace: Workspace, settings: Settings, window: Window, as_of: dt.date
) -> DataFrame:
    """Reads the window's examples whose label was known on a date."""
    cutoff = to_instant(as_of)
    examples = read_examples(workspace, settings, window, cutoff)
    outcomes = read_outcomes(workspace, settings, window)
    return label_examples(PROBLEM, examples, outcomes, cutoff)


def read_outcomes(workspace: Workspace, settings: Settings, window: Window) -> DataFrame:
    """Reads what became of the window's examples, perhaps after its end."""
    outcomes = workspace.spark.table(PROBLEM.labelling.source_name(settings))
    # What became of an example is known when the event begins or later, so older files need no
    # reading.
    return outcomes.where(F.col(PROBLEM.labelling.time) >= F.lit(window.start))


def make_training_set(
    workspace: Workspace,
    examples: DataFrame,
    lookups: Sequence[FeatureLookup],
    excluded: Sequence[str] = (),
) -> Any:
    """Makes the feature client's training set: `examples` joined with features, point in time.

    Usage: `make_training_set(workspace, examples, list_lookups(settings)).load_df()`.

    Args:
        excluded: Columns of `examples` that neither the frame nor a model's files shall have.
    """
    label = LABEL if LABEL in examples.columns else None
    return workspace.features.create_training_set(
        df=examples, feature_lookups=list(lookups), label=label, exclude_columns=list(excluded)
    )


def list_lookups(settings: Settings) -> list[FeatureLookup]:
    """Lists the features that a model trained now looks up, as known before the prediction."""
    return [
        FeatureLookup(
            table_name=table.full_name(settings),
            lookup_key=table.lookup_keys,
            timestamp_lookup_key=LOOKUP_TIME if table.has_time_key else None,
            feature_names=[*table.features, *([table.row_time] if table.row_time else [])],
            lookback_window=table.greatest_age,
        )
        for table in PROBLEM.lookups
    ]


def name_trained_tables(settings: Settings) -> dict[Table, str]:
    """Names in full the tables that every training reads."""
    names: dict[Table, str] = {table: table.full_name(settings) for table in PROBLEM.lookups}
    raw = (PROBLEM.examples, PROBLEM.labelling)
    return names | {table: table.source_name(settings) for table in raw}
