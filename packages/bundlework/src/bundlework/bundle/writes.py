"""What jobs may write: nothing outside the target's own catalog, and nothing undeclared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .entry_points import find_settings, list_wheel_tasks
from .loading import Bundle
from .parameters import NAMED_PARAMETERS

# Parameters that only say what is read, where nothing else does: of notebooks and of jobs.
READ_PARAMETERS = {"source", "source_catalog", "mirrored", "mirrored_catalog"}
# `catalog.schema` or `catalog.schema.table` in a text, but in no address of a page or a person.
PLACE = re.compile(r"(?<![\w.@/`-])(`?)([\w-]+)\1(?:\.`?[\w-]+`?){1,2}(?![\w.@`-])")
# What tells a task something: its kind, and the field.
TOLD = (*NAMED_PARAMETERS.items(), ("python_wheel_task", "parameters"))


def find_write_faults(bundle: Bundle) -> Iterator[str]:
    """What may be written outside the target's own catalog: resources, and what tasks are told.

    A parameter that is only read says so in its settings (`ReadSchema`).
    """
    own = get_catalog(bundle)
    for kind in ("schemas", "registered_models", "volumes"):
        for key, resource in bundle.config["resources"].get(kind, {}).items():
            if str(resource.get("catalog_name")).lower() != own.lower():
                fault = (
                    f"{resource.get('catalog_name')} is not the target's catalog {own}: "
                    "write ${var.catalog}"
                )
                yield bundle.places.describe(("resources", kind, key, "catalog_name"), fault)
    yield from _find_parameter_writes(bundle, own)


def get_catalog(bundle: Bundle) -> str:
    """The catalog that the target writes to."""
    return str(bundle.config["variables"]["catalog"]["value"])


def find_foreign_names(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Places in other targets' catalogs that a job or a task is told, and might write to."""
    catalogs = {catalog for bundle in bundles.values() for catalog in list_catalogs(bundle)}
    for bundle in bundles.values():
        own = get_catalog(bundle)
        foreign = catalogs - {own.lower()}
        for path, name, value in list_told(bundle):
            if name not in READ_PARAMETERS and _list_named_catalogs(name, value) & foreign:
                reading = " or ".join(sorted(READ_PARAMETERS))
                fault = (
                    f"{name} is {value}, outside the target's catalog {own}: "
                    f"write ${{var.catalog}}, or name {reading} what is only read"
                )
                yield bundle.places.describe(path, fault)


def list_catalogs(bundle: Bundle) -> set[str]:
    """The catalogs that variables of a target name; Unity Catalog has no upper case."""
    variables = bundle.config["variables"]
    return {str(v["value"]).lower() for k, v in variables.items() if k.endswith("catalog")}


def _list_named_catalogs(name: str, value: object) -> set[str]:
    whole = [str(value)] if name.endswith("catalog") else []
    return {c.lower() for c in (*whole, *(found[1] for found in PLACE.findall(str(value))))}


def list_told(bundle: Bundle) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Path, name and value of everything that jobs and tasks are told, but what settings only read.

    Job parameters reach every notebook and wheel of the job, whatever its task passes on.
    """
    for key, job in bundle.jobs.items():
        path = ("resources", "jobs", key)
        for index, parameter in enumerate(job.get("parameters", [])):
            yield (*path, "parameters", index), parameter["name"], parameter.get("default")
        for index, task in enumerate(job.get("tasks", [])):
            for kind, field in TOLD:
                told = task.get(kind, {}).get(field) or {}
                for name, value in _name_values(told):
                    if not _is_only_read(bundle, task, name):
                        yield (*path, "tasks", index, kind, field), name, value


def _name_values(told: Any) -> Iterable[tuple[str, Any]]:
    return told.items() if isinstance(told, dict) else ((str(i), v) for i, v in enumerate(told))


def _is_only_read(bundle: Bundle, task: dict[str, Any], name: str) -> bool:
    entry_point = task.get("python_wheel_task", {}).get("entry_point")
    field = (find_settings(bundle, entry_point) or {}).get(name) if entry_point else None
    return field is not None and "read-only" in field.metadata


def _find_parameter_writes(bundle: Bundle, own: str) -> Iterator[str]:
    declared = set(bundle.schemas) | {m["id"] for m in _list(bundle, "registered_models")}
    for path, wheel in list_wheel_tasks(bundle):
        fields = find_settings(bundle, wheel["entry_point"]) or {}
        for name, value in wheel.get("named_parameters", {}).items():
            if name not in fields or not _is_written(fields[name]) or value in declared:
                continue
            is_own = str(value).split(".")[0].lower() == own.lower()
            where = "undeclared" if is_own else f"outside the target's catalog {own}"
            fault = (
                f"{name} is {value}, {where}: refer to a resource, ${{resources.schemas.KEY.id}}"
            )
            yield bundle.places.describe((*path, "python_wheel_task", "named_parameters"), fault)


def _is_written(field: Any) -> bool:
    names_a_place = any("\\." in str(getattr(m, "pattern", "")) for m in field.metadata)
    return names_a_place and "read-only" not in field.metadata


def _list(bundle: Bundle, kind: str) -> list[dict[str, Any]]:
    return list(bundle.config["resources"].get(kind, {}).values())
