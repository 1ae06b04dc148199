"""Runs of a deployment's jobs that have not ended, and whether a deployment waits for them."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from bundlework.bundle.loading import Bundle
from bundlework.errors import refuse

from .workspace import ask_workspace, list_ids

ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
WAIT, REFUSE, GO_ON = "wait", "refuse", "go-on"
# Seconds: between two looks, and to wait at most; a pipeline's job has an hour.
PAUSE, PATIENCE = 30.0, 1800.0


def await_runs(bundle: Bundle, summary: dict[str, Any], choice: str) -> None:
    """Looks what runs before a deployment changes the jobs.

    Args:
        choice: `wait` for the runs' end, `refuse` to deploy, or `go-on` beside them.

    Raises:
        Refusal: Jobs run, and the choice is to refuse, or the time is over.
    """
    last, said = time.monotonic() + PATIENCE, [""]
    while lines := [describe_run(bundle, run) for run in list_active(bundle, summary)]:
        if lines != said:
            print("\n".join(said := lines), flush=True)
        if choice == GO_ON:
            return
        if choice == REFUSE or time.monotonic() > last:
            advice = "wait for its end, cancel it, or deploy beside it with RUNS=go-on"
            refuse([f"{line}: {advice}" for line in lines])
        time.sleep(PAUSE)


def describe_run(bundle: Bundle, run: dict[str, Any]) -> str:
    """Names a run, and the command that cancels it."""
    cancel = f"databricks jobs cancel-run {run['run_id']} --target {bundle.target}"
    return f"{run.get('run_name', 'a job')} is running ({cancel})"


def list_active(bundle: Bundle, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs of the deployed jobs that have not ended."""
    numbers = list_ids(summary, "jobs").values()
    found = ask_workspace(bundle, "jobs", "list-runs", "--active-only") or []
    return [run for run in found if str(run["job_id"]) in numbers and is_active(run)]


def list_unfinished(bundle: Bundle, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs that have not ended, and those that go on once a person has approved.

    The workspace remembers runs for 60 days.
    """
    ask = partial(ask_workspace, bundle, "jobs", "list-runs", "--expand-tasks", "--job-id")
    numbers = list_ids(summary, "jobs").values()
    runs = [run for number in numbers for run in ask(number) or []]
    return [run for run in runs if is_active(run) or waits_for_approval(bundle, run)]


def is_active(run: dict[str, Any]) -> bool:
    """Whether a run has not ended."""
    return run["state"]["life_cycle_state"] not in ENDED


def waits_for_approval(bundle: Bundle, run: dict[str, Any]) -> bool:
    """Whether the task that waits for a person has failed, as it does until the answer is there.

    The run of a rejected version looks the same.
    """
    waiting = bundle.contract.approval.task
    return any(
        task["task_key"] == waiting and task["state"].get("result_state") == "FAILED"
        for task in run.get("tasks", [])
    )
