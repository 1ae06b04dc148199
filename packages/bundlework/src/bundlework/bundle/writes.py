"""The places that jobs may write: declared ones in the target's own catalog, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .entry_points import READ, WRITTEN, find_settings, list_wheel_tasks
from .loading import Bundle
from .parameters import NAMED_PARAMETERS

# Kinds of resources that a task can write to.
PLACES = ("schemas", "registered_models", "volumes")
# `catalog.schema` or `catalog.schema.table` in a text, but in no address of a page or a person.
PLACE = re.compile(r"(?<![\w.@/`-])(`?)([\w-]+)\1(?:\.`?[\w-]+`?){1,2}(?![\w.@`-])")
# Where a task is told something: its kind, and the field.
TOLD = (*NAMED_PARAMETERS.items(), ("python_wheel_task", "parameters"))


def find_outside_resources(bundle: Bundle) -> Iterator[str]:
    """Schemas, models and volumes outside the target's own catalog."""
    own = get_catalog(bundle)
    for kind in PLACES:
        for key, resource in bundle.config["resources"].get(kind, {}).items():
            if str(resource.get("catalog_name")).lower() != own.lower():
                fault = (
                    f"{resource.get('catalog_name')} is not the target's catalog {own}: "
                    f"write ${{var.{bundle.contract.variables.catalog}}}"
                )
                yield bundle.places.describe(("resources", kind, key, "catalog_name"), fault)


def get_catalog(bundle: Bundle) -> str:
    """The catalog that the target writes to."""
    return str(bundle.config["variables"][bundle.contract.variables.catalog]["value"])


def find_foreign_names(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Places in other targets' catalogs that a job or a task is told, and might write to."""
    catalogs = {catalog for bundle in bundles.values() for catalog in list_catalogs(bundle)}
    for bundle in bundles.values():
        own, only_read = get_catalog(bundle), bundle.contract.parameters.read
        foreign = catalogs - {own.lower()}
        for path, name, value in list_told(bundle):
            if name not in only_read and _list_named_catalogs(bundle, value) & foreign:
                fault = (
                    f"{name} is {value}, outside the target's catalog {own}: write "
                    f"${{var.{bundle.contract.variables.catalog}}}, or name "
                    f"{' or '.join(only_read)} what is only read"
                )
                yield bundle.places.describe(path, fault)


def list_catalogs(bundle: Bundle) -> set[str]:
    """The catalogs that variables of a target name; Unity Catalog has no upper case."""
    declared = bundle.contract.variables
    names = [name for name in (declared.catalog, *declared.read_catalogs) if name]
    return {str(bundle.config["variables"][name]["value"]).lower() for name in names}


def _list_named_catalogs(bundle: Bundle, value: object) -> set[str]:
    # A target may have the name of another one's catalog.
    whole = [] if value == bundle.target else [str(value)]
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
    return field is not None and READ in field.metadata


def find_undeclared_writes(bundle: Bundle) -> Iterator[str]:
    """Settings that name a place to write which is not a resource of the bundle."""
    own, declared = get_catalog(bundle), list_declared(bundle)
    for path, wheel, name, value, marks in _list_settings(bundle):
        if WRITTEN not in marks or str(value) in declared:
            continue
        is_own = str(value).split(".")[0].lower() == own.lower()
        where = "undeclared" if is_own else f"outside the target's catalog {own}"
        fault = f"{name} is {value}, {where}: refer to a resource, ${{resources.schemas.KEY.id}}"
        yield bundle.places.describe((*path, wheel, "named_parameters"), fault)


def find_unmarked_settings(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Settings that hold a declared place in any target, and do not say whether it is written."""
    for bundle in bundles.values():
        declared = list_declared(bundle)
        for path, wheel, name, value, marks in _list_settings(bundle):
            if str(value) in declared and not {READ, WRITTEN} & {*marks}:
                fault = (
                    f"{name} is {value}, and its setting does not say whether the task writes "
                    f'there: annotate it with "{READ}" or "{WRITTEN}"'
                )
                yield bundle.places.describe((*path, wheel, "named_parameters"), fault)


def list_declared(bundle: Bundle) -> set[str]:
    """The full names of the bundle's schemas, models and volumes, and the volumes' paths."""
    resources = bundle.config["resources"]
    names = {str(found["id"]) for kind in PLACES for found in resources.get(kind, {}).values()}
    volumes = [str(volume["id"]) for volume in resources.get("volumes", {}).values()]
    return names | {f"/Volumes/{name.replace('.', '/')}" for name in volumes}


def _list_settings(
    bundle: Bundle,
) -> Iterator[tuple[tuple[Any, ...], str, str, Any, tuple[Any, ...]]]:
    """Path of the task, its kind, and name, value and metadata of each setting that it is told."""
    for path, wheel in list_wheel_tasks(bundle):
        fields = find_settings(bundle, wheel["entry_point"]) or {}
        for name, value in wheel.get("named_parameters", {}).items():
            if name in fields:
                yield path, "python_wheel_task", name, value, tuple(fields[name].metadata)
