"""The tasks `approval`, `promotion` and `rollback`: they decide which version is champion."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pyspark.sql import Row

from ..platform.workspace import Workspace
from ..registry.champion import find_bar, find_registered_rival, read_promotions
from ..registry.loading import check_files, download_version
from ..registry.states import State, Transition, move
from ..registry.tags import STATE
from ..registry.versions import DatedVersion, choose_version
from ..settings import RollbackSettings, Settings, ValidationSettings
from ..validation.record import is_accepted, read_results
from .approval import ApprovalError, require_approval
from .change import Change, PromotionError, finish, record_change
from .former import choose_former

log = logging.getLogger(__name__)


def finish_change(workspace: Workspace, settings: Settings) -> None:
    """Finishes a change of the champion that was cut short, if there is one."""
    finish(workspace, settings, read_promotions(workspace.spark, settings))


def approve(workspace: Workspace, settings: ValidationSettings) -> None:
    """Passes when settings ask for no approval, or a person has approved this evidence.

    A version that was promoted before needs no approval.

    Raises:
        ApprovalError: A person refused, or has still to answer; the message says what to do.
    """
    version = choose_version(workspace.mlflow, settings)
    promoted = {row.model_version for row in read_promotions(workspace.spark, settings)}
    if version.number in promoted:
        log.info("version %d was promoted before", version.number)
        return
    results = read_results(workspace, settings, version.number)
    if not is_accepted(results):
        raise ApprovalError(
            f"version {version.number} was not accepted: there is nothing to approve"
        )
    require_approval(workspace, settings, version, results)


def promote(workspace: Workspace, settings: ValidationSettings) -> None:
    """Makes an accepted version champion from its `as_of` on; a repetition does what is missing.

    A change before that was cut short is finished first. The alias goes to the version that is
    champion on the latest date: a promotion for an older date does not bring an older champion
    back.

    Raises:
        PromotionError: The version was not accepted, was rolled back from, or was judged beside
            another champion.
        AlteredFilesError: Its files are not those that training registered.
        ApprovalError: A person must approve the version, or has refused it.
    """
    version = choose_version(workspace.mlflow, settings)
    promotions = read_promotions(workspace.spark, settings)
    finish(workspace, settings, promotions)
    bar = find_bar(promotions, version.number)
    if bar:
        raise PromotionError(
            f"version {version.number} was rolled back from: {bar.reason} ({bar.by})"
        )
    if version.number not in {row.model_version for row in promotions}:
        promotions = _crown(workspace, settings, promotions, version)
    finish(workspace, settings, promotions)
    _settle_overtaken(workspace, settings, promotions[-1], version)


def _crown(
    workspace: Workspace,
    settings: ValidationSettings,
    promotions: Sequence[Row],
    version: DatedVersion,
) -> list[Row]:
    client, name = workspace.mlflow, settings.model_name
    former = find_registered_rival(client, name, promotions, version)
    change = Change(
        model_version=version.number,
        former_version=former,
        as_of=version.as_of,
        kind="promotion",
        by=_require_evidence(workspace, settings, version, former),
        reason="accepted by every check",
    )
    return record_change(workspace, settings, promotions, change)


def _require_evidence(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    champion: int | None,
) -> str:
    number, name = version.number, settings.model_name
    results = read_results(workspace, settings, number)
    if not is_accepted(results):
        raise PromotionError(f"version {number} was not accepted: it cannot become champion")
    if results[0].champion_version != champion:
        judged = results[0].champion_version or "the baselines"
        reason = (
            f"judged beside {judged}, and version {champion} is champion now: train another one"
        )
        _supersede(workspace, settings, version, reason)
        raise PromotionError(f"version {number} was {reason}")
    check_files(workspace.mlflow, name, number, download_version(name, number))
    return require_approval(workspace, settings, version, results)


def _settle_overtaken(
    workspace: Workspace, settings: Settings, last: Row, version: DatedVersion
) -> None:
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version.number)).tags
    settled = tags.get(STATE) in (State.CHAMPION, State.SUPERSEDED, State.REJECTED)
    if last.model_version != version.number and not settled:
        reason = f"version {last.model_version} is champion since {last.as_of}"
        _supersede(workspace, settings, version, reason)


def _supersede(
    workspace: Workspace, settings: Settings, version: DatedVersion, reason: str
) -> None:
    change = Transition(
        model_version=version.number,
        state=State.SUPERSEDED,
        as_of=version.as_of,
        reason=reason,
    )
    move(workspace, settings, change)


def roll_back(workspace: Workspace, settings: RollbackSettings) -> None:
    """Returns to the former champion or to a named version, and bars the version that is left.

    A change that was cut short is finished first. A rollback that the same job run has made is not
    made again, nor one to a named version by the same person for the same reason.

    Raises:
        PromotionError: There is no champion, or none before; the version never passed, waits for a
            person, or does not load and score. Also when another change had to be finished first:
            a person who still wants the rollback repeats it.
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
    change = Change(
        model_version=choose_former(workspace, settings, promotions),
        former_version=last.model_version,
        as_of=max(settings.as_of, last.as_of),
        kind="rollback",
        by=settings.by,
        reason=settings.reason,
        request=settings.request,
    )
    finish(workspace, settings, record_change(workspace, settings, promotions, change))


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
