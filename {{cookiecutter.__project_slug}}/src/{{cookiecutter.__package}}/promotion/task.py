"""The tasks `promotion` and `rollback`: who is champion, recorded first, then said by the alias."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import Row

from ..platform import delta
from ..platform.workspace import Workspace
from ..registry.champion import CHAMPION, PREVIOUS, find_bar, find_rival, read_promotions
from ..registry.loading import check_files, download_version, load_model
from ..registry.predicting import score
from ..registry.states import State, move
from ..registry.tables import PROMOTIONS
from ..registry.tags import STATE
from ..registry.versions import choose_version, find_alias, get_version
from ..settings import RollbackSettings, Settings, ValidationSettings
from ..use_case.problem import CATEGORIES
from ..validation.infrastructure import make_edges
from ..validation.record import digest_results, is_accepted, read_results
from .approval import ANSWER, require_approval

log = logging.getLogger(__name__)

# States of a version that the task `approval` has still to let pass.
UNDECIDED = (State.PENDING, State.VALIDATING, State.AWAITING_APPROVAL)


class PromotionError(PermissionError):
    """A version does not become champion; the message says why."""


def promote(workspace: Workspace, settings: ValidationSettings) -> None:
    """Makes an accepted version champion from its `as_of` on; repeated, it does what is missing.

    A change before it that was cut short is finished first.

    The alias goes to the version that is champion on the latest date: promoting for an older date
    does not bring an older champion back.

    Raises:
        PromotionError: The version was not accepted, was rolled back from, or was judged beside
            another champion.
        AlteredFilesError: Its files are not those that training registered.
        ApprovalError: A person must approve it, or has refused it.
    """
    settings = choose_version(workspace.mlflow, settings)
    version = settings.model_version or 0
    promotions = read_promotions(workspace.spark, settings)
    finish(workspace, settings, promotions)
    bar = find_bar(promotions, version)
    if bar:
        raise PromotionError(f"version {version} was rolled back from: {bar.reason} ({bar.by})")
    if version not in {row.model_version for row in promotions}:
        former = find_rival_of(workspace, settings, promotions, version)
        by = _require_evidence(workspace, settings, version, former)
        change = Change(version, former, settings.as_of, "promotion", by, "accepted by every check")
        promotions = _record(workspace, settings, promotions, change)
    finish(workspace, settings, promotions)
    _settle_overtaken(workspace, settings, promotions[-1], version)


def _settle_overtaken(workspace: Workspace, settings: Settings, last: Row, version: int) -> None:
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags
    settled = tags.get(STATE) in (State.CHAMPION, State.SUPERSEDED, State.REJECTED)
    if last.model_version != version and not settled:
        reason = f"version {last.model_version} is champion since {last.as_of}"
        move(workspace, settings, version, State.SUPERSEDED, reason)


def find_rival_of(
    workspace: Workspace, settings: Settings, promotions: list[Row], version: int
) -> int | None:
    """The champion of the run's `as_of` that a version has to compare with, if there is one."""

    def exists(number: int) -> bool:
        return get_version(workspace.mlflow, settings.model_name, number) is not None

    return find_rival(promotions, settings.as_of, version, exists)


def _require_evidence(
    workspace: Workspace, settings: ValidationSettings, version: int, champion: int | None
) -> str:
    results = read_results(workspace, settings, version)
    if not is_accepted(results):
        raise PromotionError(f"version {version} was not accepted: it cannot become champion")
    if results[0].champion_version != champion:
        judged = results[0].champion_version or "the baselines"
        reason = (
            f"judged beside {judged}, and version {champion} is champion now: train another one"
        )
        move(workspace, settings, version, State.SUPERSEDED, reason)
        raise PromotionError(f"version {version} was {reason}")
    folder = download_version(settings.model_name, version)
    check_files(workspace.mlflow, settings.model_name, version, folder)
    return require_approval(workspace, settings, version, results)


@dataclass(frozen=True)
class Change:
    """Of the champion: to which version, from which, from which date on, and why."""

    version: int
    former: int | None
    as_of: dt.date
    kind: str
    by: str
    reason: str
    request: str | None = None


def _record(
    workspace: Workspace, settings: Settings, promotions: list[Row], change: Change
) -> list[Row]:
    """Records a change after those that were known; all of them, as they are then."""
    number = max((row.number for row in promotions), default=0) + 1
    row = (
        number,
        change.version,
        change.as_of,
        change.former,
        change.kind,
        change.by,
        change.reason,
        change.request,
        dt.datetime.now(dt.UTC),
    )
    frame = delta.make_frame(workspace.spark, [row], PROMOTIONS.struct)
    delta.append_new_rows(PROMOTIONS.full_name(settings), frame, PROMOTIONS.keys)
    recorded = read_promotions(workspace.spark, settings)
    (kept,) = [row for row in recorded if row.number == number]
    if (kept.model_version, kept.kind) != (change.version, change.kind):
        raise PromotionError(
            f"{change.kind} of version {change.version}: {kept.kind} of version"
            f" {kept.model_version} came first; repeat it"
        )
    return recorded


def finish(workspace: Workspace, settings: Settings, promotions: list[Row]) -> bool:
    """Brings states and aliases to what the last promotion says, the champion's alias last.

    Returns:
        Whether anything was missing, since the change had been cut short.
    """
    client, name = workspace.mlflow, settings.model_name
    last = promotions[-1] if promotions else None
    if last is None or get_version(client, name, last.model_version) is None:
        return False
    if find_alias(client, name, CHAMPION) == last.model_version:
        return False
    if last.former_version is not None:
        left = State.SUPERSEDED if last.kind == "promotion" else State.REJECTED
        _settle(workspace, settings, last, last.former_version, left)
    _settle(workspace, settings, last, last.model_version, State.CHAMPION)
    previous = find_previous(workspace, settings, promotions)
    if previous is not None:
        client.set_registered_model_alias(name, PREVIOUS, str(previous))
    elif find_alias(client, name, PREVIOUS) is not None:
        client.delete_registered_model_alias(name, PREVIOUS)
    client.set_registered_model_alias(name, CHAMPION, str(last.model_version))
    return True


def _settle(
    workspace: Workspace, settings: Settings, last: Row, version: int, state: State
) -> None:
    """Moves a version into its state, unless it is there or gone."""
    found = get_version(workspace.mlflow, settings.model_name, version)
    if found is None or found.tags.get(STATE) == state:
        return
    then = settings.model_copy(update={"as_of": last.as_of})
    evidence = digest_results(read_results(workspace, settings, version))
    reason = f"{last.kind} {last.number}: {last.reason}"
    move(workspace, then, version, state, reason, last.by, evidence)


def find_previous(workspace: Workspace, settings: Settings, promotions: list[Row]) -> int | None:
    """The version to return to: the last champion before this one that nobody returned from."""
    latest = settings.model_copy(update={"as_of": promotions[-1].as_of})
    return find_rival_of(workspace, latest, promotions, promotions[-1].model_version)


def roll_back(workspace: Workspace, settings: RollbackSettings) -> None:
    """Returns to the former champion or a named one, and bars the one that is left.

    A change that was cut short is finished first; a repeated rollback then ends here, as does one
    that was done before: by the same job run, or to a named version by whoever and why it was done.

    Raises:
        PromotionError: There is no champion or none before it, the version never passed or waits
            for a person, or it does not load and score. Also where a promotion that was cut short,
            or a rollback to another version, had to be finished first: who wants more repeats it.
    """
    promotions = read_promotions(workspace.spark, settings)
    if not promotions:
        raise PromotionError(
            f"{settings.model_name} has no champion: there is nothing to return from"
        )
    last = promotions[-1]
    if finish(workspace, settings, promotions):
        _report_finished(settings, last)
        return
    if _is_done(settings, last):
        log.info("version %d is the champion already, by this rollback", last.model_version)
        return
    version = _choose_former(workspace, settings, promotions)
    as_of = max(settings.as_of, last.as_of)
    by, reason = settings.by, settings.reason
    change = Change(version, last.model_version, as_of, "rollback", by, reason, settings.request)
    finish(workspace, settings, _record(workspace, settings, promotions, change))


def _report_finished(settings: RollbackSettings, last: Row) -> None:
    champion = f"version {last.model_version} is champion now"
    done = f"{last.kind} {last.number} had been cut short: {champion}"
    if last.kind != "rollback" or settings.model_version not in (None, last.model_version):
        raise PromotionError(f"{done}; repeat, if you want another one")
    log.info("%s", done)


def _is_done(settings: RollbackSettings, last: Row) -> bool:
    same = (settings.model_version, settings.by, settings.reason)
    named = same == (last.model_version, last.by, last.reason)
    return last.kind == "rollback" and (named or settings.request == last.request)


def _choose_former(workspace: Workspace, settings: RollbackSettings, promotions: list[Row]) -> int:
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
    workspace: Workspace, settings: Settings, promotions: list[Row], version: int
) -> None:
    if not is_accepted(read_results(workspace, settings, version)):
        raise PromotionError(f"version {version} never passed the gate: it cannot become champion")
    found = get_version(workspace.mlflow, settings.model_name, version)
    tags = found.tags if found else {}
    has_been = version in {row.model_version for row in promotions}
    waits = not has_been and tags.get(STATE) in UNDECIDED
    if waits or tags.get(ANSWER) == "Rejected":
        raise PromotionError(f"version {version} has no approval: it cannot become champion")


def _check_that_it_scores(workspace: Workspace, settings: Settings, version: int) -> None:
    try:
        model = load_model(workspace.mlflow, settings.model_name, version)
        row = {name: "??" if name in CATEGORIES else 0.0 for name in model.inputs}
        edges = make_edges(pd.DataFrame([row]), model.inputs)
        scores = [score(model, rows) for rows in edges.values()]
    except Exception as error:
        raise PromotionError(f"version {version} does not load and score: {error}") from error
    if not all(np.isfinite(found).all() for found in scores):
        raise PromotionError(f"version {version} does not score every row")
