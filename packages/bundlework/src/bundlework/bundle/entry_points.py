"""Entry points of pyproject.toml, the settings that they take, and what is wrong with either."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .loading import Bundle
from .parameters import push_down
from .project import read_package, read_pyproject
from .sources import locate


def find_parameter_faults(bundle: Bundle) -> Iterator[str]:
    """Parameters that an entry point does not take, and required ones that no job passes.

    The job's own count too: a workspace pushes them down to each task.
    """
    for path, wheel in list_wheel_tasks(bundle):
        takes = find_settings(bundle, wheel["entry_point"])
        if takes is None:
            continue
        passed = wheel.get("named_parameters", {})
        required = {name for name, field in takes.items() if field.is_required()}
        for name in sorted(set(passed) - set(takes)):
            fault = (
                f"{wheel['entry_point']} takes no parameter {name}: remove it from the task's or "
                "the job's parameters, or let it take it"
            )
            yield bundle.places.describe((*path, "python_wheel_task"), fault)
        for name in sorted(required - set(passed)):
            fault = (
                f"{wheel['entry_point']} needs the parameter {name}: pass it in named_parameters"
            )
            yield bundle.places.describe((*path, "python_wheel_task"), fault)


def find_settings(bundle: Bundle, entry_point: str) -> Mapping[str, Any] | None:
    """The fields of an entry point's settings; None where it leads nowhere."""
    target = read_pyproject(bundle.root)["project"].get("scripts", {}).get(entry_point)
    kind = read_entry_points(bundle.root).get(target)
    if kind is None:
        return None
    module = importlib.import_module(f"{read_package(bundle.root)}.settings")
    fields: Mapping[str, Any] = getattr(module, kind).model_fields
    return fields


@cache
def read_entry_points(root: Path) -> Mapping[str, str]:
    """The settings that each `module:name` takes, read without running it.

    Importing the entry points would import Spark, MLflow and the feature client, which takes longer
    than all checks.
    """
    package = read_package(root)
    tree = ast.parse((root / "src" / package / "tasks.py").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="Task"), args=[ast.Name(id=kind), *_]),
            ):
                found[f"{package}.tasks:{name}"] = kind
    return found


def find_script_faults(bundle: Bundle) -> Iterator[str]:
    """Entry points of pyproject.toml that lead nowhere."""
    known = read_entry_points(bundle.root)
    for name, target in read_pyproject(bundle.root)["project"].get("scripts", {}).items():
        if target not in known:
            there = ", ".join(sorted(known))
            place = locate(bundle.root, bundle.root / "pyproject.toml", rf"^{re.escape(name)}\s*=")
            path = f"project.scripts.{name}"
            yield f"{place}: {path}: {target} is no Task of tasks.py: there are {there}"


def list_wheel_tasks(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Path and content of each Python wheel task of the project's own package, as it will run."""
    package = read_package(bundle.root)
    for key, job in bundle.jobs.items():
        parameters = {p["name"]: p.get("default") for p in job.get("parameters", [])}
        for index, task in enumerate(job.get("tasks", [])):
            wheel = push_down(task, parameters).get("python_wheel_task")
            if wheel and wheel.get("package_name") == package:
                yield ("resources", "jobs", key, "tasks", index), wheel
