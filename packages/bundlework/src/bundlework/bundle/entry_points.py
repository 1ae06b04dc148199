"""Entry points of pyproject.toml, the settings that they take, and the faults of either."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .contract import PYPROJECT, read_package, read_pyproject
from .loading import Bundle
from .parameters import push_down
from .sources import locate

# On a setting: a place that a task only reads, or one that it writes.
READ, WRITTEN = "read-only", "written"


def find_parameter_faults(bundle: Bundle) -> Iterator[str]:
    """Parameters that an entry point does not take, and required ones that no job passes.

    The parameters of the job count too: a workspace pushes them down to each task.
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
    """The fields of an entry point's settings, by name; None where none can be imported."""
    declared = bundle.contract.settings.get(entry_point)
    if declared is None or find_settings_fault(declared):
        return None
    module, name = declared.split(":")
    fields: Mapping[str, Any] = getattr(importlib.import_module(module), name).model_fields
    return fields


def find_settings_fault(declared: str) -> str:
    """Why `module:class` does not lead to a pydantic model; nothing where it does."""
    module, _, name = declared.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        return f"{declared} cannot be imported: {error}: correct the name, or install the project"
    if not hasattr(found, "model_fields"):
        return f"{declared} is not a pydantic model: name a class with model_fields"
    return ""


def find_script_faults(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Entry points that lead nowhere or have no settings, and settings that lead nowhere."""
    bundle = next(iter(bundles.values()))
    scripts = read_pyproject(bundle.root).get("project", {}).get("scripts", {})
    declared = bundle.contract.settings
    for name, target in scripts.items():
        fault = find_target_fault(target)
        if name not in declared:
            fault = fault or "its settings are not declared: add it to tool.bundlework.settings"
        if fault:
            yield _describe(bundle, name, target, f"project.scripts.{name}", fault)
    for name, target in declared.items():
        known = f"there are {', '.join(scripts) or 'none'}"
        missing = "" if name in scripts else f"it is not in project.scripts: {known}"
        if fault := missing or find_settings_fault(target):
            yield _describe(bundle, name, target, f"tool.bundlework.settings.{name}", fault)


def find_target_fault(target: str) -> str:
    """Why `module:name` leads nowhere; nothing where the module binds the name.

    The module is read, not run: it may import Spark and MLflow, which takes seconds.
    """
    module, _, name = target.partition(":")
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        found = None
    if found is None or found.origin is None:
        return f"there is no module {module}: correct the name"
    bound = _list_names(ast.parse(Path(found.origin).read_text(encoding="utf-8")))
    return "" if name in bound else f"{module} has no {name}: there are {', '.join(sorted(bound))}"


def _list_names(module: ast.Module) -> set[str]:
    """The names that a module binds at its top level, but for what it imports."""
    names = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            bound = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for each in bound if isinstance(each, ast.Name)}
    return names


def _describe(bundle: Bundle, name: str, target: str, path: str, fault: str) -> str:
    pattern = rf"^{re.escape(name)}\s*=\s*[\"']{re.escape(target)}"
    return f"{locate(bundle.root, bundle.root / PYPROJECT, pattern)}: {path}: {fault}"


def list_wheel_tasks(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Path and content of each wheel task of the project's own package, as it will run."""
    package = read_package(bundle.root)
    for key, job in bundle.jobs.items():
        parameters = {p["name"]: p.get("default") for p in job.get("parameters", [])}
        for index, task in enumerate(job.get("tasks", [])):
            wheel = push_down(task, parameters).get("python_wheel_task")
            if wheel and wheel.get("package_name") == package:
                yield ("resources", "jobs", key, "tasks", index), wheel
