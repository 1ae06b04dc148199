"""Asks a person for an approval, as MLflow's deployment jobs do.

The button in Unity Catalog sets the tag `approval` on the version and repairs the run; so does
`make approve`. An approval counts for the evidence that the person was shown, and for no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Row

from ..platform.workspace import Workspace
from ..registry.states import State, Transition, move
from ..registry.tags import APPROVAL, APPROVAL_BY, APPROVAL_EVIDENCE
from ..registry.versions import DatedVersion
from ..settings import ValidationSettings
from ..validation.record import digest_results


class ApprovalError(PermissionError):
    """The version is not approved: nobody answered, a person refused, or the evidence changed."""


def require_approval(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    results: Sequence[Row],
) -> str:
    """Requires that a person has approved an accepted version, where settings ask for a person.

    Returns:
        The person who approved the version, or the job where nobody is asked.

    Raises:
        ApprovalError: A person refused the version, or has still to answer.
    """
    evidence = digest_results(results)
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version.number)).tags
    by = tags.get(APPROVAL_BY) or "a person in Unity Catalog"
    if tags.get(APPROVAL) == "Rejected":
        _move(workspace, settings, version, State.REJECTED, f"refused by {by}", evidence, by)
        raise ApprovalError(f"version {version.number} was refused by {by}")
    approved = tags.get(APPROVAL) == "Approved" and tags.get(APPROVAL_EVIDENCE) == evidence
    if not approved and settings.approval == "automatic":
        return "the deployment job"
    if not approved:
        _ask(workspace, settings, version, evidence, tags)
    _move(workspace, settings, version, State.AWAITING_APPROVAL, f"approved by {by}", evidence, by)
    return by


def _ask(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    evidence: str,
    tags: Mapping[str, str],
) -> None:
    outdated = tags.get(APPROVAL) == "Approved"
    reason = "the evidence changed since it was approved" if outdated else "a person must approve"
    # An answer to other evidence no longer counts, nor does its author.
    for tag, text in ((APPROVAL, ""), (APPROVAL_BY, ""), (APPROVAL_EVIDENCE, evidence)):
        number = str(version.number)
        workspace.mlflow.set_model_version_tag(settings.model_name, number, tag, text)
    _move(workspace, settings, version, State.AWAITING_APPROVAL, reason, evidence)
    raise ApprovalError(
        f"version {version.number}: {reason}; look at its model card, then make approve"
        f" VERSION={version.number} or make reject VERSION={version.number}, in Unity Catalog the"
        " button Approve"
    )


def _move(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    state: State,
    reason: str,
    evidence: str,
    by: str = Transition.by,
) -> None:
    change = Transition(
        model_version=version.number,
        state=state,
        as_of=version.as_of,
        reason=reason,
        by=by,
        evidence=evidence,
    )
    move(workspace, settings, change)
