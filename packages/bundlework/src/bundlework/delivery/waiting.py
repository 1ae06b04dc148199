"""Says how long jobs wait for their compute to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bundlework.bundle.checks import DURATION
from bundlework.bundle.graph import COMPARE, sort_tasks
from bundlework.bundle.loading import Bundle


class Wait(NamedTuple):
    """The minutes that a run waits, at most and at least, and how often it starts compute."""

    most: int = 0
    least: int = 0
    starts: int = 0


# As Databricks says of serverless compute, and as people find clusters to be.
SERVERLESS = {"PERFORMANCE_OPTIMIZED": Wait(1, 0, 1), "STANDARD": Wait(6, 4, 1)}
CLUSTER = Wait(7, 3, 1)


def list_waits(bundles: Mapping[str, Bundle], keys: Sequence[str]) -> Iterator[str]:
    """A row for each job: starts in a row, minutes of waiting by target, what is too long."""
    yield f"| job | starts in a row | {' | '.join(bundles)} | too long after |"
    yield f"|---|---|{'---|' * len(bundles)}---|"
    for key in keys:
        waits = {t: find_longest_wait(b, key) for t, b in bundles.items() if key in b.jobs}
        (_, first), *_ = waits.items()
        minutes = [describe_wait(waits[t]) if t in waits else "" for t in bundles]
        job = next(bundle.jobs[key] for bundle in bundles.values() if key in bundle.jobs)
        yield f"| `{key}` | {first.starts} | {' | '.join(minutes)} | {describe_limit(job)} |"


def describe_wait(wait: Wait) -> str:
    """The minutes."""
    return f"{wait.least} to {wait.most} min" if wait.least else f"up to {wait.most} min"


def describe_limit(job: Mapping[str, Any]) -> str:
    """The duration of a run beyond which somebody hears of it."""
    (limit,) = (r["value"] for r in job["health"]["rules"] if r["metric"] == DURATION)
    return f"{limit / 3600:g} h" if limit >= 3600 else f"{limit / 60:g} min"


def find_longest_wait(bundle: Bundle, key: str) -> Wait:
    """The longest waiting, from the beginning of a job's run to its end."""
    job, until = bundle.jobs[key], {"": Wait()}
    for task in sort_tasks(job):
        before = [until[needed["task_key"]] for needed in task.get("depends_on", [])]
        until[task["task_key"]] = add(max(before, default=Wait()), find_called_wait(bundle, task))
    return add(max(until.values()), find_own_wait(job))


def find_called_wait(bundle: Bundle, task: Mapping[str, Any]) -> Wait:
    """The waiting of the job that a task runs."""
    called = task.get("run_job_task")
    return find_longest_wait(bundle, bundle.get_job(called["job_id"])) if called else Wait()


def find_own_wait(job: Mapping[str, Any]) -> Wait:
    """The waiting for compute of the job's own, where a task needs any."""
    computing = [t for t in job["tasks"] if not {"run_job_task", "condition_task"} & t.keys()]
    if all(is_off(job, task) for task in computing):
        return Wait()
    return CLUSTER if job.get("job_clusters") else SERVERLESS[job["performance_target"]]


def is_off(job: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    """Whether a condition without a dynamic value keeps a task from ever running."""
    conditions = {t["task_key"]: t["condition_task"] for t in job["tasks"] if "condition_task" in t}
    for needed in task.get("depends_on", []):
        condition = conditions.get(needed["task_key"], {})
        sides = (str(condition.get("left", "{{")), str(condition.get("right", "{{")))
        if "outcome" in needed and not any("{{" in side for side in sides):
            outcome = COMPARE[condition["op"]](*sides)
            if str(outcome).lower() != str(needed["outcome"]).lower():
                return True
    return False


def add(first: Wait, then: Wait) -> Wait:
    """One wait after another."""
    return Wait(*map(sum, zip(first, then, strict=True)))
