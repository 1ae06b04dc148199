"""The rules of a job's task graph: its states, in which order it runs, and what may run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any


class State(StrEnum):
    """States of a task or job run, as Databricks names them."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    FAILED = "FAILED"
    TIMED_OUT = "TIMEDOUT"
    EXCLUDED = "EXCLUDED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    INTERRUPTED = "INTERRUPTED"


# A job succeeds although tasks failed, as long as the last tasks of its graph succeed.
SUCCESSES = {State.SUCCESS, State.SUCCESS_WITH_FAILURES}
FAILURES = {State.FAILED, State.TIMED_OUT, State.UPSTREAM_FAILED, State.INTERRUPTED}

COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "EQUAL_TO": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "GREATER_THAN": lambda a, b: float(a) > float(b),
    "GREATER_THAN_OR_EQUAL": lambda a, b: float(a) >= float(b),
    "LESS_THAN": lambda a, b: float(a) < float(b),
    "LESS_THAN_OR_EQUAL": lambda a, b: float(a) <= float(b),
}

Rule = Callable[[Collection[State]], bool]
RUN_IF: Mapping[str, Rule] = {
    "ALL_SUCCESS": lambda states: {*states} <= SUCCESSES,
    "AT_LEAST_ONE_SUCCESS": lambda states: bool(SUCCESSES & {*states}),
    "NONE_FAILED": lambda states: not FAILURES & {*states},
    "ALL_DONE": lambda _: True,
    "AT_LEAST_ONE_FAILED": lambda states: bool(FAILURES & {*states}),
    "ALL_FAILED": lambda states: all(s in FAILURES for s in states),
}


def list_tasks(job: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A job's tasks, and those that are repeated inside them."""
    for task in job.get("tasks", []):
        yield task
        inner = (task.get("for_each_task") or {}).get("task")
        if inner:
            yield inner


def sort_tasks(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks, each after those it depends on."""
    tasks = {task["task_key"]: task for task in job.get("tasks", [])}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for key, task in tasks.items():
        sorter.add(
            key, *(n["task_key"] for n in task.get("depends_on", []) if n["task_key"] in tasks)
        )
    return [tasks[key] for key in sorter.static_order()]


def decide_start(
    task: Mapping[str, Any], states: Mapping[str, State], outcomes: Mapping[str, str]
) -> State | None:
    """Whether a task runs (None), or with which state it is passed over.

    Args:
        states: Of the tasks it depends on, by key.
        outcomes: Of those that are condition tasks, 'true' or 'false'.
    """
    needed = task.get("depends_on", [])
    off_branch = [
        n for n in needed if "outcome" in n
        and states[n["task_key"]] is State.SUCCESS
        and outcomes.get(n["task_key"]) != str(n["outcome"]).lower()
    ]  # fmt: skip
    rule = task.get("run_if", "ALL_SUCCESS")
    found = [states[n["task_key"]] for n in needed]
    if off_branch or (found and all(s is State.EXCLUDED for s in found)):
        return State.EXCLUDED
    # An excluded task counts as a success, unless it is all there is.
    counted = [State.SUCCESS if s is State.EXCLUDED else s for s in found]
    if not found or RUN_IF[rule](counted):
        return None
    # Those that wait for failures are left out when there are none; the others miss a success.
    waits_for_failure = rule in ("AT_LEAST_ONE_FAILED", "ALL_FAILED")
    return State.EXCLUDED if waits_for_failure else State.UPSTREAM_FAILED


def judge_job(tasks: list[dict[str, Any]], states: Mapping[str, State]) -> State:
    """A job's state: that of its leaves, as Databricks has it."""
    inner = {n["task_key"] for task in tasks for n in task.get("depends_on", [])}
    leaves = [states[t["task_key"]] for t in tasks if t["task_key"] not in inner]
    if FAILURES & {*leaves}:
        return State.FAILED
    imperfect = (FAILURES | {State.SUCCESS_WITH_FAILURES}) & {*states.values()}
    return State.SUCCESS_WITH_FAILURES if imperfect else State.SUCCESS
