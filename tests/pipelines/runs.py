"""Which pipelines an event starts, and which verbs they then run."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conditions import Situation, evaluate
from reader import get_verb, list_steps, read_pipeline

PIPELINES = ("clean-up", "deploy-prod", "deploy-staging", "pull-request", "rollback")
DEFAULT = "succeeded()"
# What a trigger says of what is pushed.
INCLUDED = {"push": "branches", "tag": "tags"}


@dataclass(frozen=True)
class Event:
    """Something that happens, and how the run it starts goes.

    Attributes:
        kind: push, tag, pull_request, schedule or manual.
        branch: The branch or tag pushed to or run on, or the pull request's target.
        pipeline: The one that is started by hand.
        fails: The verb that fails.
        cancelled_at: The verb during which somebody cancels.
    """

    kind: str
    branch: str = "main"
    fork: bool = False
    pipeline: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    fails: str = ""
    cancelled_at: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """What Azure says of the run."""
        if self.kind == "pull_request":
            return {
                "Build.SourceBranch": "refs/pull/7/merge",
                "Build.Reason": "PullRequest",
                "System.PullRequest.IsFork": str(self.fork),
            }
        kind = "tags" if self.kind == "tag" else "heads"
        return {"Build.SourceBranch": f"refs/{kind}/{self.branch}", "Build.Reason": "Other"}

    def foresee(self, step: dict[str, Any]) -> str:
        """What a step comes to, as the event has it."""
        verb = get_verb(step)
        if verb and verb == self.fails:
            return "failed"
        return "cancelled" if verb and verb == self.cancelled_at else "succeeded"


# Runs a step; it succeeded, failed or was cancelled.
Execute = Callable[[dict[str, Any]], str]


def find_started(project: Path, host: str, event: Event) -> dict[str, list[str]]:
    """The pipelines that an event starts, and the verbs that each runs, as `stage/verb`.

    One that starts and finds nothing to do has none.
    """
    started = {}
    for name in PIPELINES:
        given = event.parameters if event.pipeline == name else {}
        pipeline = read_pipeline(project / f".azure-pipelines/{name}.yml", given)
        if is_started(name, pipeline, host, event):
            started[name] = play(pipeline, event, event.foresee)
    return started


def is_started(name: str, pipeline: dict[str, Any], host: str, event: Event) -> bool:
    """Whether an event starts a pipeline. Without a trigger, every branch does."""
    if event.kind == "manual":
        return event.pipeline == name
    if event.kind == "schedule":
        schedules = pipeline.get("schedules", [])
        return any(event.branch in s["branches"]["include"] for s in schedules)
    if event.kind in INCLUDED:
        return matches(pipeline.get("trigger"), event.branch, INCLUDED[event.kind])
    if event.kind == "pull_request" and host == "azure_repos":
        # The branch policy names this pipeline; what the files say is ignored.
        return name == "pull-request"
    return event.kind == "pull_request" and matches(pipeline.get("pr"), event.branch)


def matches(trigger: Any, name: str, kind: str = "branches") -> bool:
    """Whether a trigger includes a branch or a tag."""
    if trigger is None:
        return kind == "branches"
    if trigger == "none":
        return False
    return any(fnmatch.fnmatch(name, glob) for glob in trigger.get(kind, {}).get("include", []))


def play(pipeline: dict[str, Any], event: Event, execute: Execute) -> list[str]:
    """The verbs that a run calls, in order, with the stage they are called in.

    Args:
        execute: What a step comes to: succeeded, failed or cancelled.
    """
    results: dict[str, str] = {}
    called: list[str] = []
    cancelled = False
    for number, stage in enumerate(pipeline["stages"]):
        former = [pipeline["stages"][number - 1]["stage"]] if number else []
        needed = stage.get("dependsOn", former)
        needed = [needed] if isinstance(needed, str) else needed
        status = (
            "cancelled" if cancelled else combine([results.get(name, "skipped") for name in needed])
        )
        situation = Situation(status, event.variables)
        if not evaluate(stage.get("condition", DEFAULT), situation):
            results[stage["stage"]] = "skipped"
            continue
        verbs, result = play_stage(stage, event, execute)
        called += verbs
        results[stage["stage"]] = result
        cancelled = cancelled or result == "cancelled"
    return called


def combine(results: list[str]) -> str:
    """The status of several."""
    for result in ("cancelled", "failed", "skipped"):
        if result in results:
            return result
    return "succeeded"


def play_stage(stage: dict[str, Any], event: Event, execute: Execute) -> tuple[list[str], str]:
    """The verbs of a stage, and its result."""
    called, result = [], "succeeded"
    for job in stage["jobs"]:
        for step in list_steps(job):
            situation = Situation(result, event.variables)
            if not evaluate(step.get("condition", DEFAULT), situation):
                continue
            called += [f"{stage['stage']}/{get_verb(step)}"] if get_verb(step) else []
            outcome = execute(step)
            result = result if outcome == "succeeded" else outcome
    return called, result
