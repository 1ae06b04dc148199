"""The tasks `promotion` and `rollback`: who is champion, recorded first, then said by the alias."""

from __future__ import annotations

import datetime as dt
import logging

import numpy as np
import pandas as pd
from pyspark.sql import Row

from .. import delta
from ..champion import CHAMPION, PREVIOUS, find_champion, find_last_promotion
from ..problem import CATEGORIES
from ..scoring import load_model, score
from ..settings import RollbackSettings, Settings, ValidationSettings
from ..tables import PROMOTIONS
from ..workspace import Workspace
from .approval import BY
from .evidence import find_version_of
from .infrastructure import make_edges
from .states import BARRED, TAG, State, move
from .task import digest_results, is_accepted, read_results

log = logging.getLogger(__name__)


class PromotionError(PermissionError):
    """A version cannot become champion; the message says why, and nothing was changed."""


def promote(workspace: Workspace, settings: ValidationSettings) -> None:
    """Makes an accepted version champion from `as_of` on. Repeated, it finishes what is missing.

    The alias goes to the version promoted last, whatever the run's `as_of`: repeating an older
    run does not bring an older champion back.

    Raises:
        PromotionError: The version was not accepted, or was rolled back from.
    """
    version = settings.model_version or find_version_of(workspace.mlflow, settings)
    results = read_results(workspace, settings, version)
    if not is_accepted(results):
        raise PromotionError(f"version {version} was not accepted: it cannot become champion")
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags
    if tags.get(BARRED):
        raise PromotionError(f"version {version} was rolled back from: {tags[BARRED]}")
    former = find_champion(workspace.spark, settings, before=True)
    by = tags.get(BY) or "the deployment job"
    if not _is_recorded(workspace, settings, version):
        reason = "accepted by every check"
        _record(workspace, settings, settings.as_of, version, former, "promotion", by, reason)
    finish(workspace, settings)


def _is_recorded(workspace: Workspace, settings: Settings, version: int) -> bool:
    promotions = workspace.spark.table(PROMOTIONS.full_name(settings))
    return not promotions.where(f"model_version = {int(version)}").isEmpty()


def _record(
    workspace: Workspace,
    settings: Settings,
    as_of: dt.date,
    version: int,
    former: int | None,
    kind: str,
    by: str,
    reason: str,
) -> None:
    last = find_last_promotion(workspace.spark, settings)
    number = last.number + 1 if last else 1
    row = (number, version, as_of, former, kind, by, reason)
    frame = workspace.spark.createDataFrame([row], PROMOTIONS.struct)
    delta.append_new_rows(PROMOTIONS.full_name(settings), frame, PROMOTIONS.keys)


def finish(workspace: Workspace, settings: Settings) -> None:
    """Brings states and aliases to what the last promotion says, the champion's alias last."""
    last = find_last_promotion(workspace.spark, settings)
    if last is None:
        return
    client, name = workspace.mlflow, settings.model_name
    if last.former_version is not None:
        left = State.SUPERSEDED if last.kind == "promotion" else State.REJECTED
        _settle(workspace, settings, last, last.former_version, left)
    _settle(workspace, settings, last, last.model_version, State.CHAMPION)
    previous = find_previous(workspace, settings)
    if previous is not None:
        client.set_registered_model_alias(name, PREVIOUS, str(previous))
    client.set_registered_model_alias(name, CHAMPION, str(last.model_version))


def _settle(
    workspace: Workspace, settings: Settings, last: Row, version: int, state: State
) -> None:
    """Moves a version into its state, unless it is there."""
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags
    if tags.get(TAG) == state:
        return
    then = settings.model_copy(update={"as_of": last.as_of})
    evidence = digest_results(read_results(workspace, settings, version))
    reason = f"{last.kind} {last.number}: {last.reason}"
    move(workspace, then, version, state, reason, last.by, evidence)


def find_previous(workspace: Workspace, settings: Settings) -> int | None:
    """The version to return to: the last champion before this one that nobody returned from."""
    rows = workspace.spark.table(PROMOTIONS.full_name(settings)).orderBy("number").collect()
    left = {row.former_version for row in rows if row.kind == "rollback"}
    current = rows[-1].model_version if rows else None
    known = [r.model_version for r in rows if r.model_version not in left | {current}]
    return known[-1] if known else None


def roll_back(workspace: Workspace, settings: RollbackSettings) -> None:
    """Returns to the former champion or a named one, and bars the one that is left.

    Raises:
        PromotionError: There is no champion or none before it, the version never passed, or it
            does not load and score.
    """
    last = find_last_promotion(workspace.spark, settings)
    if last is None:
        raise PromotionError(
            f"{settings.model_name} has no champion: there is nothing to return from"
        )
    version = settings.model_version or find_previous(workspace, settings)
    if version is None:
        raise PromotionError(
            f"version {last.model_version} is the first champion: train another one"
        )
    if version == last.model_version:
        raise PromotionError(f"version {version} is the champion already")
    if not is_accepted(read_results(workspace, settings, version)):
        raise PromotionError(f"version {version} never passed the gate: it cannot become champion")
    _check_that_it_scores(settings, version)
    why = f"{settings.reason} ({settings.by})"
    name, barred = settings.model_name, str(last.model_version)
    workspace.mlflow.set_model_version_tag(name, barred, BARRED, why)
    workspace.mlflow.set_model_version_tag(name, str(version), BARRED, "")
    as_of = max(settings.as_of, last.as_of)
    former = last.model_version
    _record(workspace, settings, as_of, version, former, "rollback", settings.by, settings.reason)
    finish(workspace, settings)


def _check_that_it_scores(settings: Settings, version: int) -> None:
    try:
        model = load_model(settings.model_name, version)
        row = {name: "??" if name in CATEGORIES else 0.0 for name in model.inputs}
        edges = make_edges(pd.DataFrame([row]), model.inputs)
        scores = [score(model, rows) for rows in edges.values()]
    except Exception as error:
        raise PromotionError(f"version {version} does not load and score: {error}") from error
    if not all(np.isfinite(found).all() for found in scores):
        raise PromotionError(f"version {version} does not score every row")
