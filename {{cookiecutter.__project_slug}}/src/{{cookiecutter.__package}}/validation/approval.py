"""The task `approval`: waits for a person, as MLflow's deployment jobs do.

The button in Unity Catalog sets the tag `approval` on the version and repairs the run; so does
`make approve`. An approval counts for the evidence that it was given on, and for no other.
"""

from __future__ import annotations

from ..settings import ValidationSettings
from ..workspace import Workspace
from .evidence import find_version_of
from .states import State, move
from .task import digest_results, is_accepted, read_results

ANSWER = "approval"
EVIDENCE = "approval_evidence"
BY = "approval_by"


class ApprovalError(PermissionError):
    """The version has no approval: it is awaited, was refused, or the evidence has changed."""


def approve(workspace: Workspace, settings: ValidationSettings) -> None:
    """Passes when no approval is asked for, or a person has given one on this evidence.

    Raises:
        ApprovalError: It is awaited or was refused; the message says what to do.
    """
    version = settings.model_version or find_version_of(workspace.mlflow, settings)
    results = read_results(workspace, settings, version)
    if not is_accepted(results):
        raise ApprovalError(f"version {version} was not accepted: there is nothing to approve")
    if settings.approval == "automatic":
        return
    evidence = digest_results(results)
    tags = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags
    by = tags.get(BY) or "a person in Unity Catalog"
    if tags.get(ANSWER) == "Rejected":
        move(workspace, settings, version, State.REJECTED, f"refused by {by}", by, evidence)
        raise ApprovalError(f"version {version} was refused by {by}")
    if tags.get(ANSWER) == "Approved" and tags.get(EVIDENCE) == evidence:
        return
    _await(workspace, settings, version, evidence, tags)


def _await(
    workspace: Workspace,
    settings: ValidationSettings,
    version: int,
    evidence: str,
    tags: dict[str, str],
) -> None:
    outdated = tags.get(ANSWER) == "Approved"
    reason = "the evidence changed since it was approved" if outdated else "a person must approve"
    name = settings.model_name
    if outdated:
        workspace.mlflow.set_model_version_tag(name, str(version), ANSWER, "")
    workspace.mlflow.set_model_version_tag(name, str(version), EVIDENCE, evidence)
    move(workspace, settings, version, State.AWAITING_APPROVAL, reason, evidence=evidence)
    raise ApprovalError(
        f"version {version}: {reason}; look at its model card, then make approve VERSION={version}"
        f" or make reject VERSION={version}, in Unity Catalog the button Approve"
    )
