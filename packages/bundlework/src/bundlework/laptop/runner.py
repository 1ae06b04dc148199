"""Runs a job of the bundle: its task graph, one task at a time."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bundlework.bundle.graph import COMPARE, SUCCESSES, State, decide_start, judge_job, sort_tasks
from bundlework.bundle.loading import Bundle
from bundlework.bundle.parameters import fill_parameters, push_down

from .playable import check_job
from .runs import JobRun, RunStore
from .tasks import TaskTimeout, TaskValues
from .values import check_operands, describe_input, describe_run, fill_values, read_inputs

log = logging.getLogger(__name__)

# A repair does not repeat tasks in these states.
DONE = SUCCESSES | {State.EXCLUDED}


class Executes(Protocol):
    """Runs a task that is Python: a wheel, a notebook or a script."""

    def execute(self, task: Mapping[str, Any], values: TaskValues) -> None:
        """Runs the task, its dynamic values filled in."""


class Listens(Protocol):
    """Hears of a run's progress; `depth` counts the jobs around a task."""

    def task_started(self, depth: int, job: str, task: str) -> None:
        """A task begins."""

    def task_finished(self, depth: int, job: str, task: str, state: State, error: str) -> None:
        """A task ended or was passed over."""


@dataclass(frozen=True)
class _Place:
    """Where in a run a task stands: its job's run, the jobs around it, and its former record."""

    run: JobRun
    depth: int
    deadline: float
    former: Mapping[str, Any] | None

    @property
    def left(self) -> float:
        """Seconds until the time of the jobs around is over."""
        return self.deadline - time.time()

    def limit(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """The task with the time that it and the jobs around it leave.

        Raises:
            TaskTimeout: The job's time is over.
        """
        left = self.left
        if left <= 0:
            raise TaskTimeout("the job's timeout_seconds are over")
        seconds = min(_get_limit(task), left)
        return task if math.isinf(seconds) else {**task, "timeout_seconds": seconds}


def _get_limit(limited: Mapping[str, Any]) -> float:
    return float(limited.get("timeout_seconds") or math.inf)


class Runner:
    """Runs jobs of one bundle, recording and reporting every step."""

    def __init__(
        self, bundle: Bundle, executor: Executes, store: RunStore, listener: Listens
    ) -> None:
        self._bundle, self._executor = bundle, executor
        self._store, self._listener = store, listener

    def run(self, job: str, parameters: Mapping[str, str]) -> JobRun:
        """Runs a job with the given job parameters.

        Raises:
            BundleError: The job, its graph or a parameter is wrong; nothing has run.
        """
        check_job(self._bundle, job)
        filled = fill_parameters(self._bundle.jobs[job], parameters)
        return self._play(self._store.start_job(job, self._bundle.target, filled, None), 0)

    def repair(self, run: int) -> JobRun:
        """Runs again what did not succeed in a run, with the values of what did."""
        former = self._store.get_job(run)
        check_job(self._bundle, former.job)
        return self._play(self._store.restart_job(run), 0)

    def _play(self, run: JobRun, depth: int, deadline: float = math.inf) -> JobRun:
        job = self._bundle.jobs[run.job]
        deadline = min(deadline, time.time() + _get_limit(job))
        recorded = {t["task"]: t for t in self._store.list_tasks(run.id)}
        states: dict[str, State] = {}
        outcomes: dict[str, str] = {}
        repeated: set[str] = set()
        for task in sort_tasks(job):
            key = task["task_key"]
            former = recorded.get(key)
            needed = {n["task_key"] for n in task.get("depends_on", [])}
            # A repair repeats what did not succeed, and what depends on it.
            if former and former["state"] in DONE and not needed & repeated:
                states[key] = State(former["state"])
            else:
                repeated.add(key)
                place = _Place(run, depth, deadline, former)
                states[key] = self._play_task(place, task, states, outcomes)
            outcomes[key] = str(self._store.get_values(run.id).get((key, "outcome"), ""))
        state = judge_job(job.get("tasks", []), states)
        is_late = State.TIMED_OUT in states.values() and time.time() >= deadline
        self._store.finish_job(run.id, State.TIMED_OUT if is_late else state)
        return self._store.get_job(run.id)

    def _play_task(
        self,
        place: _Place,
        task: Mapping[str, Any],
        states: Mapping[str, State],
        outcomes: Mapping[str, str],
    ) -> State:
        key = task["task_key"]
        passed_over = decide_start(task, states, outcomes)
        if passed_over:
            self._store.pass_over(place.run.id, key, passed_over)
            self._listener.task_finished(place.depth, place.run.job, key, passed_over, "")
            return passed_over
        repeatable = {State.FAILED} | ({State.TIMED_OUT} if task.get("retry_on_timeout") else set())
        # A variable that was given on the command line is a text.
        for attempt in range(1 + max(0, int(task.get("max_retries", 0)))):
            if attempt:
                wait = int(task.get("min_retry_interval_millis", 0)) / 1000
                time.sleep(min(wait, max(0, place.left)))
            state = self._attempt(place, task, states)
            if state not in repeatable:
                break
        return state

    def _attempt(
        self, place: _Place, task: Mapping[str, Any], states: Mapping[str, State]
    ) -> State:
        run, depth, key = place.run, place.depth, task["task_key"]
        number, attempt = self._store.start_task(run.id, key)
        self._listener.task_started(depth, run.job, key)
        state, error = self._try(place, task, states, number, attempt)
        self._store.finish_task(number, state, error)
        self._listener.task_finished(depth, run.job, key, state, error)
        return state

    def _try(
        self,
        place: _Place,
        task: Mapping[str, Any],
        states: Mapping[str, State],
        number: int,
        attempt: int,
    ) -> tuple[State, str]:
        try:
            known = self._describe(place.run, task, states, number, attempt)
            filled = self._fill(push_down(task, place.run.parameters), known)
            return self._do(place, place.limit(filled), number, known), ""
        except TaskTimeout as timeout:
            return State.TIMED_OUT, str(timeout)
        except SystemExit as end:
            failed = end.code not in (None, 0)
            return (State.FAILED, describe_failure(end)) if failed else (State.SUCCESS, "")
        except Exception as failure:  # a task's failure is the run's to record, whatever it was
            log.exception("task %s failed", task["task_key"])
            return State.FAILED, describe_failure(failure)

    def _do(
        self, place: _Place, task: Mapping[str, Any], number: int | None, known: Mapping[str, str]
    ) -> State:
        run = place.run
        if "condition_task" in task:
            self._decide(run, task)
        elif "run_job_task" in task:
            return self._run_child(place, task, number).state
        elif "for_each_task" in task:
            self._run_each(place, task["for_each_task"], known)
        else:
            keep = TaskValues(
                lambda name, value: self._store.set_value(run.id, task["task_key"], name, value)
            )
            self._executor.execute(task, keep)
        return State.SUCCESS

    def _run_each(self, place: _Place, each: Mapping[str, Any], known: Mapping[str, str]) -> None:
        """Runs a task for each input, one at a time, whatever `concurrency` says.

        The run records the task around them and no single iteration, so that a repair repeats all.

        Raises:
            ValueError: An iteration failed; the others have run.
        """
        inputs, failed = read_inputs(each["inputs"]), []
        for index, value in enumerate(inputs):
            told = {**known, **describe_input(value), "task.name": each["task"]["task_key"]}
            error = self._iterate(place, each["task"], told)
            failed += [f"[{index}] {error}"] if error else []
        if failed:
            raise ValueError(f"{len(failed)} of {len(inputs)} iterations failed: {failed[0]}")

    def _iterate(self, place: _Place, task: Mapping[str, Any], known: Mapping[str, str]) -> str:
        """Runs one iteration as often as its task may be tried; gives the last failure's words."""
        error = ""
        for _ in range(1 + max(0, int(task.get("max_retries", 0)))):
            try:
                told = fill_values(push_down(task, place.run.parameters), known)
                state = self._do(replace(place, former=None), place.limit(told), None, known)
                error = "" if state in SUCCESSES else f"the job that it runs ended as {state}"
            except SystemExit as end:
                error = describe_failure(end) if end.code not in (None, 0) else ""
            except Exception as failure:  # an iteration's failure is the task's to tell
                log.exception("an iteration of task %s failed", task["task_key"])
                error = describe_failure(failure)
            if not error:
                break
        return error

    def _decide(self, run: JobRun, task: Mapping[str, Any]) -> None:
        condition = task["condition_task"]
        outcome = COMPARE[condition["op"]](str(condition["left"]), str(condition["right"]))
        self._store.set_value(run.id, task["task_key"], "outcome", str(outcome).lower())

    def _run_child(self, place: _Place, task: Mapping[str, Any], number: int | None) -> JobRun:
        child = task["run_job_task"]
        job, former = self._bundle.get_job(child["job_id"]), place.former
        if former and former["child"] and former["state"] not in DONE:
            started = self._store.restart_job(former["child"])
        else:
            # A parameter that is pushed down and not declared fails no job, in a workspace neither.
            defaults = fill_parameters(self._bundle.jobs[job], {})
            passed = child.get("job_parameters") or {}
            told = {n: str(passed.get(n, d)) for n, d in defaults.items()}
            started = self._store.start_job(job, self._bundle.target, told, place.run.id)
        if number is not None:
            self._store.set_child(number, started.id)
        return self._play(started, place.depth + 1, time.time() + _get_limit(task))

    def _describe(
        self,
        run: JobRun,
        task: Mapping[str, Any],
        states: Mapping[str, State],
        number: int,
        attempt: int,
    ) -> dict[str, str]:
        """The dynamic values that a task can refer to, by their names."""
        kept = self._store.get_values(run.id).items()
        values = {f"tasks.{name}.values.{key}": value for (name, key), value in kept}
        check_operands(task.get("condition_task", {}), values)
        return {
            **describe_run(self._bundle, run),
            "task.name": task["task_key"],
            "task.run_id": str(number),
            "task.execution_count": str(attempt),
            **{f"tasks.{name}.result_state": str(state).lower() for name, state in states.items()},
            **{n: v if isinstance(v, str) else json.dumps(v) for n, v in values.items()},
        }

    def _fill(self, task: Mapping[str, Any], known: Mapping[str, str]) -> Any:
        """The task with its dynamic values; a task inside it is filled once for each input."""
        each = task.get("for_each_task")
        if each is None:
            return fill_values(task, known)
        inputs = fill_values(each["inputs"], known)
        return {**task, "for_each_task": {**each, "inputs": inputs}}


def describe_failure(failure: BaseException) -> str:
    """A failure in its own words; its kind too, where the words alone could puzzle."""
    first = (str(failure).strip() or "no message").splitlines()
    words = " | ".join(line.strip() for line in first[:6])
    return (
        words
        if isinstance(failure, ValueError | LookupError)
        else f"{type(failure).__name__}: {words}"
    )
