"""Asks a person for an approval, as MLflow's deployment jobs do.

The button in Unity Catalog sets the tag `approval` on the version and repairs the run; so does
`make approve`. An approval counts for the evidence that the person was shown, and for no other: the
results, the version's files, its model card and its baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from pyspark.sql import Row

from ..platform.workspace import Workspace
from ..registry.states import State, Transition, move
from ..registry.tags import APPROVAL, APPROVAL_BY, APPROVAL_EVIDENCE
from ..registry.versions import DatedVersion
from ..settings import ValidationSettings
from .evidence import digest_evidence

BY_THE_JOB = "the deployment job"
# Why a person is asked, by the answer that is there.
REASONS = {
    "": "a person must approve",
    "approved": "the evidence changed since it was approved",
}


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
    client, name = workspace.mlflow, settings.model_name
    tags = client.get_model_version(name, str(version.number)).tags
    answer = read_answer(tags)
    if settings.approval == "automatic" and not answer:
        return BY_THE_JOB
    evidence = digest_evidence(client, name, version.number, results)
    by = tags.get(APPROVAL_BY) or "a person in Unity Catalog"
    if answer == "rejected":
        _move(workspace, settings, version, State.REJECTED, f"refused by {by}", evidence, by)
        raise ApprovalError(f"version {version.number} was refused by {by}")
    if answer == "approved" and tags.get(APPROVAL_EVIDENCE) == evidence:
        state = State.AWAITING_APPROVAL
        _move(workspace, settings, version, state, f"approved by {by}", evidence, by)
        return by
    if settings.approval == "required":
        _ask(workspace, settings, version, evidence, tags)
    return BY_THE_JOB


def read_answer(tags: Mapping[str, str]) -> str:
    """Reads a person's answer: `approved` or `rejected`, however it is written; else empty."""
    return (tags.get(APPROVAL) or "").strip().lower()


def _ask(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    evidence: str,
    tags: Mapping[str, str],
) -> NoReturn:
    client, name, number = workspace.mlflow, settings.model_name, str(version.number)
    # An answer to other evidence no longer counts, nor does its author.
    for tag in {APPROVAL, APPROVAL_BY} & set(tags):
        client.delete_model_version_tag(name, number, tag)
    client.set_model_version_tag(name, number, APPROVAL_EVIDENCE, evidence)
    answer = read_answer(tags)
    reason = REASONS.get(answer, f"{answer!r} is neither Approved nor Rejected")
    _move(workspace, settings, version, State.AWAITING_APPROVAL, reason, evidence)
    raise ApprovalError(
        f"version {number}: {reason}; look at its model card, then make approve"
        f" VERSION={number} or make reject VERSION={number}, in Unity Catalog the"
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
