"""Changes the champion: records the change first, then brings states and aliases to the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pyspark.sql import Row

from ..platform import delta
from ..platform.workspace import Workspace
from ..registry.champion import CHAMPION, PREVIOUS, find_registered_rival, read_promotions
from ..registry.states import State, Transition, move
from ..registry.tables import PROMOTIONS
from ..registry.tags import STATE
from ..registry.versions import DatedVersion, find_alias, get_version
from ..settings import Settings
from ..validation.record import digest_results, read_results


class PromotionError(PermissionError):
    """A version does not become champion; the message has the reason."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of the champion; see the columns of the table `promotions`."""

    model_version: int
    former_version: int | None
    as_of: dt.date
    kind: str
    by: str
    reason: str
    request: str | None = None


def record_change(
    workspace: Workspace, settings: Settings, promotions: Sequence[Row], change: Change
) -> list[Row]:
    """Records a change after the known ones.

    Returns:
        All promotions that are recorded then.

    Raises:
        PromotionError: Another job recorded a change in the meantime.
    """
    number = max((row.number for row in promotions), default=0) + 1
    row = {**asdict(change), "number": number, "changed_at": dt.datetime.now(dt.UTC)}
    frame = delta.make_frame(workspace.spark, [row], PROMOTIONS.struct)
    delta.append_new_rows(PROMOTIONS.full_name(settings), frame, PROMOTIONS.keys)
    recorded = read_promotions(workspace.spark, settings)
    (kept,) = [row for row in recorded if row.number == number]
    if (kept.model_version, kept.kind) != (change.model_version, change.kind):
        raise PromotionError(
            f"{change.kind} of version {change.model_version}: {kept.kind} of version"
            f" {kept.model_version} came first; repeat it"
        )
    return recorded


def finish(workspace: Workspace, settings: Settings, promotions: Sequence[Row]) -> bool:
    """Brings states and aliases to what the last promotion says, the champion's alias last.

    Returns:
        Whether anything was missing, because the change had been cut short.
    """
    last = promotions[-1] if promotions else None
    if last is None or not _is_unfinished(workspace, settings, last):
        return False
    # The alias names another version than the former one where two jobs changed it at once.
    named = find_alias(workspace.mlflow, settings.model_name, CHAMPION)
    if named not in (None, last.former_version):
        _settle(workspace, settings, last, named, State.SUPERSEDED)
    if last.former_version is not None:
        left = State.SUPERSEDED if last.kind == "promotion" else State.REJECTED
        _settle(workspace, settings, last, last.former_version, left)
    _settle(workspace, settings, last, last.model_version, State.CHAMPION)
    _move_aliases(workspace, settings, promotions)
    return True


def _is_unfinished(workspace: Workspace, settings: Settings, last: Row) -> bool:
    client, name = workspace.mlflow, settings.model_name
    if get_version(client, name, last.model_version) is None:
        return False
    return bool(find_alias(client, name, CHAMPION) != last.model_version)


def _settle(
    workspace: Workspace, settings: Settings, last: Row, version: int, state: State
) -> None:
    """Moves a version into its state, unless the version has that state or was deleted."""
    found = get_version(workspace.mlflow, settings.model_name, version)
    if found is None or found.tags.get(STATE) == state:
        return
    change = Transition(
        model_version=version,
        state=state,
        as_of=last.as_of,
        reason=f"{last.kind} {last.number}: {last.reason}",
        by=last.by,
        evidence=digest_results(read_results(workspace, settings, version)),
    )
    move(workspace, settings, change)


def _move_aliases(workspace: Workspace, settings: Settings, promotions: Sequence[Row]) -> None:
    client, name = workspace.mlflow, settings.model_name
    previous = find_previous(workspace, settings, promotions)
    if previous is not None:
        client.set_registered_model_alias(name, PREVIOUS, str(previous))
    elif find_alias(client, name, PREVIOUS) is not None:
        client.delete_registered_model_alias(name, PREVIOUS)
    client.set_registered_model_alias(name, CHAMPION, str(promotions[-1].model_version))


def find_previous(
    workspace: Workspace, settings: Settings, promotions: Sequence[Row]
) -> int | None:
    """Finds the version to return to: the last champion before this one that was not left."""
    last = DatedVersion(promotions[-1].model_version, promotions[-1].as_of)
    return find_registered_rival(workspace.mlflow, settings.model_name, promotions, last)
