"""The task `approval`: waits for a person, as MLflow's deployment jobs do.

The button in Unity Catalog sets the tag `approval` on the version and repairs the run; so does
`make approve`. An approval counts for the evidence that it was given on, and for no other.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from pyspark.sql import Row

from ..platform.workspace import Workspace
from ..registry.champion import read_promotions
from ..registry.states import State, move
from ..registry.versions import choose_version
from ..settings import ValidationSettings
from ..validation.record import digest_results, is_accepted, read_results

log = logging.getLogger(__name__)

ANSWER = "approval"
EVIDENCE = "approval_evidence"
BY = "approval_by"


class ApprovalError(PermissionError):
    """The version has no approval: it is awaited, was refused, or the evidence has changed."""


def approve(workspace: Workspace, settings: ValidationSettings) -> None:
    """Passes when no approval is asked for, or a person has given one on this evidence.

    A version that was promoted before needs none.

    Raises:
        ApprovalError: It is awaited or was refused; the message says what to do.
    """
    settings = choose_version(workspace.mlflow, settings)
    version = settings.model_version or 0
    if version in {row.model_version for row in read_promotions(workspace.spark, settings)}:
        log.info("version %d was promoted before", version)
        return
    results = read_results(workspace, settings, version)
    if not is_accepted(results):
        raise ApprovalError(f"version {version} was not accepted: there is nothing to approve")
    require_approval(workspace, settings, version, results)


def require_approval(
    workspace: Workspace, settings: ValidationSettings, version: int, results: Sequence[Row]
) -> str:
    """Who lets an accepted version pass: a person, or the job where nobody is asked.

    Raises:
        ApprovalError: A person refused it, or is still to be asked.
    """
    evidence = digest_results(results)
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags
    by = tags.get(BY) or "a person in Unity Catalog"
    if tags.get(ANSWER) == "Rejected":
        move(workspace, settings, version, State.REJECTED, f"refused by {by}", by, evidence)
        raise ApprovalError(f"version {version} was refused by {by}")
    approved = tags.get(ANSWER) == "Approved" and tags.get(EVIDENCE) == evidence
    if not approved and settings.approval == "automatic":
        return "the deployment job"
    if not approved:
        _await(workspace, settings, version, evidence, tags)
    move(workspace, settings, version, State.AWAITING_APPROVAL, f"approved by {by}", by, evidence)
    return by


def _await(
    workspace: Workspace,
    settings: ValidationSettings,
    version: int,
    evidence: str,
    tags: Mapping[str, str],
) -> None:
    outdated = tags.get(ANSWER) == "Approved"
    reason = "the evidence changed since it was approved" if outdated else "a person must approve"
    # An answer to other evidence, and who gave it, count no longer.
    for tag, text in ((ANSWER, ""), (BY, ""), (EVIDENCE, evidence)):
        workspace.mlflow.set_model_version_tag(settings.model_name, str(version), tag, text)
    move(workspace, settings, version, State.AWAITING_APPROVAL, reason, evidence=evidence)
    raise ApprovalError(
        f"version {version}: {reason}; look at its model card, then make approve VERSION={version}"
        f" or make reject VERSION={version}, in Unity Catalog the button Approve"
    )
