"""The state of a model version: a tag in the registry, and a row for each change."""

from __future__ import annotations

import datetime as dt
import logging
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
    """pending, validating, awaiting_approval, then champion, rejected or superseded."""

    PENDING = "pending"
    VALIDATING = "validating"
    AWAITING_APPROVAL = "awaiting_approval"
    CHAMPION = "champion"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


def move(
    workspace: Workspace,
    settings: Settings,
    version: int,
    state: State,
    reason: str,
    by: str = "",
    evidence: str = "",
) -> None:
    """Records a change, sets the tag, and tells the webhook; a change is recorded and told once."""
    key = (version, state.value, settings.as_of, evidence, reason)
    is_told = bool(settings.webhook_scope) and not _is_recorded(workspace, settings, key)
    who, now = by or "the deployment job", dt.datetime.now(dt.UTC)
    row = (version, state.value, settings.as_of, who, evidence, reason, now)
    frame = delta.make_frame(workspace.spark, [row], TRANSITIONS.struct)
    delta.append_new_rows(TRANSITIONS.full_name(settings), frame, TRANSITIONS.keys)
    workspace.mlflow.set_model_version_tag(settings.model_name, str(version), STATE, state.value)
    log.info("version %d is %s: %s", version, state.value, reason)
    if is_told:
        message = {"model": settings.model_name, "version": version, "state": state.value}
        notify(
            workspace.secrets, settings, {**message, "reason": reason, "target": settings.target}
        )


def _is_recorded(workspace: Workspace, settings: Settings, key: tuple[object, ...]) -> bool:
    rows = workspace.spark.table(TRANSITIONS.full_name(settings))
    for column, value in zip(TRANSITIONS.keys, key, strict=True):
        rows = rows.where(F.col(column) == F.lit(value))
    return not rows.isEmpty()
