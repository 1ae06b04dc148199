"""Whether resources are what Databricks takes, by the types of `databricks-bundles`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

# The only list of all types; the package is pinned.
from databricks.bundles.core._resource_type import _ResourceType

from local.bundle import Bundle

TYPES = {kind.plural_name: kind.resource_type for kind in _ResourceType.all()}


def find_type_faults(bundle: Bundle) -> Iterator[str]:
    """Unknown kinds and fields, missing fields, values of a wrong type."""
    for kind, group in bundle.config["resources"].items():
        if kind not in TYPES:
            yield bundle.places.describe(
                ("resources", kind), f"there is no kind of resource {kind}"
            )
            continue
        for key, resource in group.items():
            fault = find_fault(TYPES[kind], {k: v for k, v in resource.items() if k != "id"})
            if fault:
                path, message = fault
                yield bundle.places.describe(("resources", kind, key, *path), message)


def find_fault(resource_type: Any, value: dict[str, Any]) -> tuple[tuple[Any, ...], str] | None:
    """The path and description of a fault in a resource; None for a sound one."""
    try:
        resource_type.from_dict(value)
    except (ValueError, TypeError, AttributeError) as error:
        return _narrow(value, lambda part: _is_accepted(resource_type, part)), _word(error)
    return None


def _word(error: Exception) -> str:
    return str(error).replace("__init__() missing 1 required keyword-only argument:", "lacks")


def _is_accepted(resource_type: Any, value: dict[str, Any]) -> bool:
    try:
        resource_type.from_dict(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _narrow(value: Any, accepts: Callable[[Any], bool]) -> tuple[Any, ...]:
    """The path of the one part without which the rest is accepted; empty when there is none."""
    parts = list(value) if isinstance(value, dict) else range(len(value))
    for part in parts:
        if accepts(_without(value, part)):
            child = value[part]
            if not isinstance(child, dict | list):
                return (part,)
            return (part, *_narrow(child, partial(_accept_part, accepts, value, part)))
    return ()


def _accept_part(accepts: Callable[[Any], bool], value: Any, part: Any, new: Any) -> bool:
    return accepts(_replace(value, part, new))


def _without(value: Any, part: Any) -> Any:
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if k != part}
    return value[:part] + value[part + 1 :]


def _replace(value: Any, part: Any, new: Any) -> Any:
    if isinstance(value, dict):
        return {**value, part: new}
    return [*value[:part], new, *value[part + 1 :]]
