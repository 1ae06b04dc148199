"""The state of a model version: a tag in the registry, and a row for each change."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from pyspark.sql import functions as F

from ..platform import delta
from ..platform.notification import notify
from ..platform.workspace import Workspace
from ..settings import Settings
from .tables import TRANSITIONS
from .tags import STATE

log = logging.getLogger(__name__)


class State(StrEnum):
    """A version is pending, validating, awaiting_approval, then one of the last three."""

    PENDING = "pending"
    VALIDATING = "validating"
    AWAITING_APPROVAL = "awaiting_approval"
    CHAMPION = "champion"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A change of a version's state; see the columns of the table `transitions`."""

    model_version: int
    state: State
    as_of: dt.date
    reason: str
    by: str = "the deployment job"
    evidence: str = ""


def move(workspace: Workspace, settings: Settings, change: Transition) -> None:
    """Records a change, sets the tag, and tells the webhook; a repetition does not tell again."""
    row = {**asdict(change), "state": change.state.value}
    is_new = bool(settings.webhook_scope) and not _is_recorded(workspace, settings, row)
    _record(workspace, settings, row)
    name, version = settings.model_name, change.model_version
    workspace.mlflow.set_model_version_tag(name, str(version), STATE, change.state.value)
    log.info("version %d is %s: %s", version, change.state.value, change.reason)
    if is_new:
        notify(workspace.secrets, settings, describe_change(settings, change))


def describe_change(settings: Settings, change: Transition) -> dict[str, object]:
    """Describes a change as the webhook is told."""
    return {
        "model": settings.model_name,
        "version": change.model_version,
        "state": change.state.value,
        "reason": change.reason,
        "target": settings.target,
    }


def _record(workspace: Workspace, settings: Settings, row: Mapping[str, object]) -> None:
    rows = [{**row, "changed_at": dt.datetime.now(dt.UTC)}]
    frame = delta.make_frame(workspace.spark, rows, TRANSITIONS.struct)
    delta.append_new_rows(TRANSITIONS.full_name(settings), frame, TRANSITIONS.keys)


def _is_recorded(workspace: Workspace, settings: Settings, row: Mapping[str, object]) -> bool:
    rows = workspace.spark.table(TRANSITIONS.full_name(settings))
    for column in TRANSITIONS.keys:
        rows = rows.where(F.col(column) == F.lit(row[column]))
    return not rows.isEmpty()
