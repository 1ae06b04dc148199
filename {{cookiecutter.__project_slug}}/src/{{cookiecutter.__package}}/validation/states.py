"""The state of a model version: a tag in the registry, and a row for each change."""

from __future__ import annotations

import logging
from enum import StrEnum

from .. import delta
from ..notification import notify
from ..settings import Settings
from ..tables import TRANSITIONS
from ..workspace import Workspace

log = logging.getLogger(__name__)

TAG = "state"
# On a version that was rolled back from, the reason: no run promotes it again by itself.
BARRED = "barred"


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
    """Records a change, then sets the tag; a change that was recorded before is not again."""
    row = (version, state.value, settings.as_of, by or "the deployment job", evidence, reason)
    frame = workspace.spark.createDataFrame([row], TRANSITIONS.struct)
    delta.append_new_rows(TRANSITIONS.full_name(settings), frame, TRANSITIONS.keys)
    workspace.mlflow.set_model_version_tag(settings.model_name, str(version), TAG, state.value)
    message = {"model": settings.model_name, "version": version, "state": state.value}
    notify(workspace.secrets, settings, {**message, "reason": reason, "target": settings.target})
    log.info("version %d is %s: %s", version, state.value, reason)
