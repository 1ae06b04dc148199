"""Executes one task in this process."""

from __future__ import annotations

import importlib
import json
import logging
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .notebooks import read_cells
from .workspace import LocalWorkspace


class TaskValues:
    """The values that a task leaves for later ones.

    Args:
        keep: Called with key and value.
    """

    def __init__(self, keep: Callable[[str, object], None]) -> None:
        self._keep = keep

    def set(self, key: str, value: object) -> None:
        """Keeps a value.

        Raises:
            TypeError: The value is no JSON.
        """
        json.dumps(value)
        self._keep(key, value)


class TaskTimeout(BaseException):
    """A task ran longer than its `timeout_seconds`.

    No `Exception`, which a task may catch and go on.
    """


@contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Interrupts the block after `seconds`.

    Raises:
        TaskTimeout: The time is over.
    """
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TaskTimeout(f"no end after {seconds:g} seconds (timeout_seconds)")

    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


class Executor:
    """Runs wheel, notebook and script tasks against a local workspace.

    Args:
        find_file: The bundle's file behind a path in the workspace.
        module: The project's module that takes a workspace; empty where there is none, and tasks
            find Spark alone.
    """

    def __init__(
        self, find_file: Callable[[str], Path | None], workspace: LocalWorkspace, module: str
    ) -> None:
        self._find_file = find_file
        self._workspace = workspace
        self._module = module

    def execute(self, task: Mapping[str, Any], values: TaskValues) -> None:
        """Runs the task; whatever it raises is its failure."""
        with self._workspace.guard(), self._limit_time(task.get("timeout_seconds")):
            if "python_wheel_task" in task:
                self._run_wheel(task["python_wheel_task"], values)
            elif "spark_python_task" in task:
                self._run_script(task["spark_python_task"], values)
            else:
                self._run_notebook(task["notebook_task"], values)

    @contextmanager
    def _limit_time(self, seconds: float | None) -> Iterator[None]:
        try:
            with limit_time(seconds):
                yield
        except TaskTimeout:
            # Spark would go on with a query that nobody waits for.
            self._workspace.interrupt()
            raise

    def _run_wheel(self, wheel: Mapping[str, Any], values: TaskValues) -> None:
        points = distribution(str(wheel["package_name"])).entry_points
        (point,) = (p for p in points if p.name == wheel["entry_point"])
        named = wheel.get("named_parameters") or {}
        arguments = [f"--{name}={value}" for name, value in named.items()]
        self._workspace.start()
        task = point.load()
        with self._bound(values), _arguments([*wheel.get("parameters", []), *arguments]):
            task()

    def _run_script(self, script: Mapping[str, Any], values: TaskValues) -> None:
        path = self._locate(script["python_file"])
        arguments = [str(each) for each in script.get("parameters") or []]
        # Spark runs when the package is bound, and the script's `getOrCreate` finds the session.
        with self._bound(values), _arguments(arguments, str(path)):
            run_script(path)

    def _run_notebook(self, notebook: Mapping[str, Any], values: TaskValues) -> None:
        path = self._locate(notebook["notebook_path"])
        widgets = dict(notebook.get("base_parameters") or {})
        with self._bound(values) as spark:
            run_notebook(path, spark, widgets, values)

    def _locate(self, path: str) -> Path:
        file = self._find_file(path)
        if file is None:
            raise FileNotFoundError(f"{path} is no file of the bundle")
        return file

    @contextmanager
    def _bound(self, values: TaskValues) -> Iterator[Any]:
        if not self._module:
            # `SparkSession.builder.getOrCreate` finds it.
            yield self._workspace.spark
            return
        workspace = self._workspace.bind(self._module, values)
        with importlib.import_module(self._module).use(workspace):
            yield workspace.spark


@contextmanager
def _arguments(arguments: list[str], program: str = "task") -> Iterator[None]:
    former = sys.argv
    sys.argv = [program, *arguments]
    try:
        yield
    finally:
        sys.argv = former


def run_script(path: Path) -> None:
    """Runs a Python file as a program, which finds the modules beside it."""
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.path.remove(folder)


class _NotebookExit(Exception):
    """Ends a notebook."""


def run_notebook(path: Path, spark: Any, widgets: dict[str, str], values: TaskValues) -> None:
    """Runs a notebook's cells in order, with `spark`, `dbutils` and `display`."""
    log = logging.getLogger(path.stem)

    def exit_notebook(value: str = "") -> None:
        raise _NotebookExit(value)

    dbutils = SimpleNamespace(
        widgets=SimpleNamespace(
            text=lambda name, default, *_: widgets.setdefault(name, default),
            get=lambda name: widgets[name],
        ),
        notebook=SimpleNamespace(exit=exit_notebook),
        jobs=SimpleNamespace(taskValues=values),
    )

    def show(shown: object) -> None:
        log.info("%s", shown)

    names = {"spark": spark, "dbutils": dbutils, "display": show, "displayHTML": show}
    try:
        for cell in read_cells(path):
            exec(compile(cell, str(path), "exec"), names)
    except _NotebookExit as end:
        log.info("exit: %s", end)
