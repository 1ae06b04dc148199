"""Chooses the version that a rollback returns to, and checks that it can be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pyspark.sql import Row

from ..platform.workspace import Workspace
from ..registry.loading import load_model
from ..registry.predicting import score
from ..registry.states import State
from ..registry.tags import STATE
from ..registry.versions import get_version
from ..settings import RollbackSettings, Settings
from ..use_case.problem import PROBLEM
from ..validation.infrastructure import make_edges
from ..validation.record import is_accepted, read_results
from .approval import read_answer
from .change import PromotionError, find_previous

# In these states, the task `approval` has not let a version pass yet.
UNDECIDED = (State.PENDING, State.VALIDATING, State.AWAITING_APPROVAL)


def choose_former(
    workspace: Workspace, settings: RollbackSettings, promotions: Sequence[Row]
) -> int:
    """Chooses the version that the settings name, or else the champion before.

    Raises:
        PromotionError: There is no such version, or it cannot be champion.
    """
    last = promotions[-1].model_version
    version = settings.model_version or find_previous(workspace, settings, promotions)
    if version is None:
        raise PromotionError(f"before version {last} no champion is left: train another version")
    if version == last:
        raise PromotionError(f"version {version} is the champion already")
    _check_that_it_passed(workspace, settings, promotions, version)
    _check_that_it_scores(workspace, settings, version)
    return version


def _check_that_it_passed(
    workspace: Workspace, settings: Settings, promotions: Sequence[Row], version: int
) -> None:
    if not is_accepted(read_results(workspace, settings, version)):
        raise PromotionError(f"version {version} never passed the gate: it cannot become champion")
    found = get_version(workspace.mlflow, settings.model_name, version)
    tags = found.tags if found else {}
    was_champion = version in {row.model_version for row in promotions}
    waits = not was_champion and tags.get(STATE) in UNDECIDED
    if waits or read_answer(tags) == "rejected":
        raise PromotionError(f"version {version} has no approval: it cannot become champion")


def _check_that_it_scores(workspace: Workspace, settings: Settings, version: int) -> None:
    try:
        model = load_model(workspace.mlflow, settings.model_name, version)
        texts = dict.fromkeys(PROBLEM.categories, "??")
        row = {name: texts.get(name, 0.0) for name in model.inputs}
        edges = make_edges(pd.DataFrame([row]), model.inputs)
        scores = [score(model, rows) for rows in edges.values()]
    except Exception as error:  # a version that fails in any way must not become champion
        raise PromotionError(f"version {version} does not load and score: {error}") from error
    if not all(np.isfinite(found).all() for found in scores):
        raise PromotionError(f"version {version} does not score every row")
