"""Makes predictions of examples, alike for a run and for a stream."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..platform.problem import LOOKUP_TIME
from ..platform.workspace import Workspace
from ..registry.loading import ScoringModel
from ..registry.predicting import score_frame
from ..registry.training_sets import make_training_set
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import DAYS_AHEAD, FEATURE_AGE, PREDICTIONS, UNSCORED

HOUR = 3_600
# The columns of the rows to score that a prediction has.
KEPT = (*PROBLEM.example_columns, DAYS_AHEAD, FEATURE_AGE)


class NoChampionError(LookupError):
    """No version is champion, so nothing was scored."""


def make_predictions(
    workspace: Workspace, settings: Settings, model: ScoringModel, examples: DataFrame
) -> DataFrame:
    """Makes the rows of `PREDICTIONS`: looks features up, scores, and says by whom and when.

    A row that breaks a rule of the model's first step is not scored, and tells the reason.
    """
    found = make_training_set(workspace, examples, model.lookups).load_df()
    aged = found.withColumn(FEATURE_AGE, measure_age(found.columns))
    told = {"model_version": F.lit(model.version), "as_of": F.lit(settings.as_of)}
    now = {"scored_at": F.current_timestamp()}
    scored = score_frame(model, aged, KEPT, unscored=UNSCORED)
    return scored.withColumns(told | now).select(*PREDICTIONS.column_names)


def measure_age(columns: Sequence[str]) -> Column:
    """Measures in hours how old the oldest row is that was looked up; null where none was found.

    Args:
        columns: The columns of the rows. A version from before these times were looked up has none.
    """
    times = [t.row_time for t in PROBLEM.lookups if t.has_time_key and t.row_time in columns]
    oldest = F.array_min(F.array(F.lit(None).cast("timestamp"), *map(F.col, times)))
    seconds = F.col(LOOKUP_TIME).cast("double") - oldest.cast("double")
    return seconds / HOUR
