"""Makes predictions of examples, alike for a run and for a stream."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..platform.workspace import Workspace
from ..registry.loading import ScoringModel
from ..registry.predicting import score_frame
from ..registry.training_sets import make_training_set
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import DAYS_AHEAD, PREDICTIONS

# The columns of an example that a prediction has.
KEPT = (*PROBLEM.example_columns, DAYS_AHEAD)


class NoChampionError(LookupError):
    """No version is champion, so nothing was scored."""


def make_predictions(
    workspace: Workspace, settings: Settings, model: ScoringModel, examples: DataFrame
) -> DataFrame:
    """Makes the rows of `PREDICTIONS`: looks features up, scores, and says by whom and when."""
    rows = make_training_set(workspace, examples, model.lookups).load_df()
    told = {"model_version": F.lit(model.version), "as_of": F.lit(settings.as_of)}
    now = {"scored_at": F.current_timestamp()}
    predictions = score_frame(model, rows, KEPT).withColumns(told | now)
    return predictions.select(*PREDICTIONS.column_names)
