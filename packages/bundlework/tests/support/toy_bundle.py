"""A small bundle to edit, with a real installed package behind its tasks.

These tests run in the folder and environment of a rendered project.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bundlework.bundle.contract import Contract, read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.runner import Runner
from bundlework.laptop.runs import JobRun, RunStore
from bundlework.laptop.tasks import TaskValues, limit_time

WHEEL = {"package_name": "toy", "entry_point": "work"}

BUNDLE: dict[str, Any] = {
    "bundle": {"name": "toy"},
    "include": ["resources/*.yml"],
    "variables": {
        "catalog": {"default": "dev"},
        "greeting": {"default": "hello ${bundle.target}"},
        "settings": {
            "type": "complex",
            "default": {"schema": "${resources.schemas.raw.id}", "text": "${var.greeting}"},
        },
    },
    "targets": {
        "dev": {"default": True, "mode": "development"},
        "prod": {"mode": "production", "variables": {"catalog": "prod"}},
    },
}
RESOURCES: dict[str, Any] = {
    "resources": {
        "schemas": {"raw": {"catalog_name": "${var.catalog}", "name": "toy_raw"}},
        "jobs": {
            "main": {
                "name": "main",
                "parameters": [{"name": "as_of", "default": "2013-01-01"}],
                "tasks": [
                    {
                        "task_key": "first",
                        "python_wheel_task": {**WHEEL, "named_parameters": "${var.settings}"},
                    },
                    {
                        "task_key": "second",
                        "depends_on": [{"task_key": "first"}],
                        "python_wheel_task": {
                            **WHEEL,
                            "named_parameters": {"as_of": "{{job.parameters.as_of}}"},
                        },
                    },
                ],
            }
        },
    }
}

# The approval task is called otherwise than in the template: nothing may know its name.
PYPROJECT = """
[project]
name = "toy"

[project.scripts]
work = "toy:work"

[tool.bundlework.jobs]
default = "main"

[tool.bundlework.parameters]
as_of = "as_of"
model_name = "model_name"
model_version = "model_version"

[tool.bundlework.approval]
task = "ask"
exception = "StillToAsk"
"""


class Recorder:
    """Executes tasks by noting them; `act` may do more, or fail."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.act: Callable[[str, TaskValues], None] = lambda key, values: None

    def execute(self, task: Any, values: TaskValues) -> None:
        named = task["python_wheel_task"].get("named_parameters", {})
        self.calls.append((task["task_key"], named))
        with limit_time(task.get("timeout_seconds")):
            self.act(task["task_key"], values)

    @property
    def order(self) -> list[str]:
        return [key for key, _ in self.calls]


class Silent:
    """Listens and says nothing."""

    def task_started(self, *_: Any) -> None: ...

    def task_finished(self, *_: Any) -> None: ...


class Toy:
    """The toy bundle in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recorder = Recorder()
        self.store = RunStore(root / "runs.db")
        self.config, self.resources = _copy(BUNDLE), _copy(RESOURCES)

    @property
    def job(self) -> dict[str, Any]:
        return self.resources["resources"]["jobs"]["main"]

    def add_task(self, key: str, *needed: str, **fields: Any) -> dict[str, Any]:
        task = {"task_key": key, "depends_on": [{"task_key": n} for n in needed], **fields}
        if not any(name.endswith("_task") for name in fields):
            task["python_wheel_task"] = dict(WHEEL)
        self.job["tasks"].append(task)
        return task

    def write(self) -> None:
        (self.root / "resources").mkdir(exist_ok=True)
        (self.root / "pyproject.toml").write_text(PYPROJECT)
        (self.root / "databricks.yml").write_text(yaml.safe_dump(self.config))
        (self.root / "resources/main.job.yml").write_text(yaml.safe_dump(self.resources))

    @property
    def contract(self) -> Contract:
        self.write()
        return read_contract(self.root)

    def load(self, target: str | None = None, **variables: str) -> Any:
        self.write()
        return load_bundle(self.root, target, variables)

    def runner(self) -> Runner:
        return Runner(self.load(), self.recorder, self.store, Silent())

    def run(self, **parameters: str) -> JobRun:
        return self.runner().run("main", parameters)

    def states(self, run: JobRun) -> dict[str, str]:
        return {t["task"]: str(t["state"]) for t in self.store.list_tasks(run.id)}


def _copy(value: Any) -> Any:
    return yaml.safe_load(yaml.safe_dump(value))


def leave(name: str, value: object, *failing: str) -> Callable[[str, TaskValues], None]:
    """What a recorder does so that the first task leaves a value, and some tasks fail."""

    def act(key: str, values: TaskValues) -> None:
        if key == "first":
            values.set(name, value)
        fail(*failing)(key, values)

    return act


def fail(*keys: str) -> Callable[[str, TaskValues], None]:
    """What a recorder does so that some tasks fail."""

    def act(key: str, values: TaskValues) -> None:
        if key in keys:
            raise ValueError(f"{key} is broken")

    return act
