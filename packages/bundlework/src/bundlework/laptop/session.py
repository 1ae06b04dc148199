"""Runs that share one Spark session, one log file and one lock."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from bundlework.bundle.contract import Contract, get_state, read_package
from bundlework.bundle.graph import FAILURES, State, sort_tasks
from bundlework.bundle.loading import Bundle
from bundlework.bundle.parameters import push_down
from bundlework.errors import Refusal

from .display import open_display, redirect_noise
from .java import find_java
from .runner import Runner
from .runs import JobRun, RunStore
from .tasks import Executor
from .values import describe_run, fill_values
from .workspace import LocalWorkspace, open_workspace


class Session:
    """Runs that share one Spark session, one log file and one lock."""

    def __init__(
        self, bundle: Bundle, console: Console, workspace: LocalWorkspace, began: float
    ) -> None:
        self._bundle, self._console, self._workspace = bundle, console, workspace
        self._module = bundle.contract.workspace
        self._store = RunStore(get_state(bundle.root) / "runs.db")
        self._store.mark_interrupted()
        self._store.open_session(began)

    def play(self, title: str, action: Callable[[Runner], JobRun]) -> JobRun:
        """Runs or repairs a job under the eyes of a person."""
        self._console.print(f"\n{title}", style="bold")
        executor = Executor(self._bundle.find_file, self._workspace, self._module)
        with open_display(self._console, read_package(self._bundle.root)) as display:
            run = action(Runner(self._bundle, executor, self._store, display))
        seconds = (run.finished or run.started) - run.started
        self._console.print(f"{run.state} after {seconds:.0f} s")
        if self.has_failed(run):
            log = get_state(self._bundle.root) / "log.txt"
            self._console.print(f"Details: {log}\nOnce mended, go on with: make repair")
        return run

    def has_failed(self, run: JobRun) -> bool:
        """Whether something is to be mended."""
        return is_to_mend(self._store, run, self._bundle.contract)

    def tag_version(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Sets tags on a model version."""
        client = self._workspace.bind(self._module, task_values=None).mlflow
        for key, value in tags.items():
            client.set_model_version_tag(model, version, key, value)

    def print_account(self, run: JobRun) -> None:
        """The project's own account of its last run, if pyproject.toml names one."""
        name = self._bundle.contract.account
        if name and self._find_parameters(run):
            self.call(name, run, partial(self._console.print, markup=False))

    def call(self, name: str, run: JobRun, argument: object) -> Any:
        """Calls a function of the project, `module:function`, with the parameters of a run."""
        module, function = name.split(":")
        workspace = self._workspace.bind(self._module, task_values=None)
        called = getattr(import_module(module), function)
        return called(workspace, self._find_parameters(run), argument)

    def _find_parameters(self, run: JobRun) -> dict[str, str]:
        for task in sort_tasks(self._bundle.jobs[run.job]):
            if "python_wheel_task" in task:
                known = describe_run(self._bundle, run)
                wheel = push_down(task, run.parameters)["python_wheel_task"]
                return dict(fill_values(wheel.get("named_parameters", {}), known))
            if "run_job_task" in task:
                children = {t["task"]: t["child"] for t in self._store.list_tasks(run.id)}
                child = children.get(task["task_key"])
                return self._find_parameters(self._store.get_job(child)) if child else {}
        return {}


def is_to_mend(store: RunStore, run: JobRun, contract: Contract) -> bool:
    """Whether a run has failed. A task that waits for approval, or was refused it, did its work."""
    failed = list(list_failed(store, run))
    if failed:
        return not all(waits_for_approval(task, contract) for task in failed)
    return run.state in FAILURES


def waits_for_approval(task: Mapping[str, Any], contract: Contract) -> bool:
    """Whether a recorded task failed because a person's approval is missing."""
    declared = contract.approval
    awaits = task["state"] == State.FAILED and task["task"] == declared.task
    return awaits and str(task["error"]).startswith(f"{declared.exception}:")


def list_failed(store: RunStore, run: JobRun) -> Iterator[dict[str, Any]]:
    """The tasks that failed by themselves, those of the jobs that it ran included."""
    for task in store.list_tasks(run.id):
        if task["child"]:
            yield from list_failed(store, store.get_job(task["child"]))
        elif task["state"] in FAILURES - {State.UPSTREAM_FAILED}:
            yield task


@contextmanager
def open_session(bundle: Bundle, began: float) -> Iterator[Session]:
    """Opens log file, lock and workspace for runs, and closes them afterwards.

    Args:
        began: When the command began; `times` counts from there.

    Raises:
        Refusal: Another command uses the project's workspace.
    """
    find_java()
    state = get_state(bundle.root)
    state.mkdir(parents=True, exist_ok=True)
    with lock(state), redirect_noise(state / "log.txt") as console:
        workspace = open_workspace(bundle, state)
        workspace.record_grants(bundle.config.get("resources", {}))
        try:
            yield Session(bundle, console, workspace, began)
        finally:
            workspace.close()


@contextmanager
def lock(state: Path) -> Iterator[None]:
    """Lets one command at a time use the folder.

    Raises:
        Refusal: Another one does; the message says which.
    """
    holder = state / "holder"
    try:
        with FileLock(state / "lock", timeout=0):
            holder.write_text(f"process {os.getpid()} since {dt.datetime.now():%H:%M:%S}")
            yield
    except Timeout:
        who = holder.read_text() if holder.exists() else "another process"
        raise Refusal(f"{state} is in use by {who}: wait until it ends") from None
