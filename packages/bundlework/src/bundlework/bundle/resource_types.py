"""Whether resources are what Databricks takes, by the types of `databricks-bundles`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

# The only list of all types; the package is pinned.
from databricks.bundles.core._resource_type import _ResourceType

from .loading import Bundle
from .yaml_source import Path_

TYPES = {kind.plural_name: kind.resource_type for kind in _ResourceType.all()}
# The words of the types for a fault, and the words for a person.
WORDING = {
    r"Unexpected field (.*) for class \w+": r"Unexpected field \1: remove it, or correct its name",
    r".*missing \d+ required keyword-only arguments?: (.*)": r"\1 is missing: write it",
    r"invalid literal for int\(\) with base 10: (.*)": r"\1 is no whole number: write one",
    r"could not convert string to float: (.*)": r"\1 is no number: write one",
}
NO_VALUE = re.compile(r"'.*' is not a valid (\w+)")
REFERENCE_PAGE = "https://learn.microsoft.com/azure/databricks/dev-tools/bundles/resources"


# Fields that the resolver adds, and that nobody writes.
ADDED = {"id", "volume_path"}


def find_type_faults(bundle: Bundle) -> Iterator[str]:
    """Missing names, permissions of nobody, unknown fields, values of a wrong type.

    What the types do not know is left to the CLI.
    """
    faulty = [flaw for flaw in bundle.flaws if _is_of_form(flaw[0])]
    known = {path[:3] for path, _ in faulty}
    for path, message in (*faulty, *_find_mistyped(bundle, known)):
        yield bundle.places.describe(path, message)


def _is_of_form(path: Path_) -> bool:
    """Whether a flaw is a missing name or a permission, and not a file."""
    return len(path) == len(("resources", "kind", "key")) or "permissions" in path


def list_unknown_kinds(bundle: Bundle) -> list[str]:
    """The kinds of resources that the types do not know."""
    return sorted(set(bundle.config["resources"]) - set(TYPES))


def _find_mistyped(bundle: Bundle, but: Collection[Path_]) -> Iterator[tuple[Path_, str]]:
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items() if kind in TYPES else ():
            path = ("resources", kind, key)
            written = {k: v for k, v in resource.items() if k not in ADDED}
            fault = find_fault(TYPES[kind], written) if path not in but else None
            if fault:
                yield (*path, *fault[0]), fault[1]


def find_fault(resource_type: Any, value: dict[str, Any]) -> tuple[tuple[Any, ...], str] | None:
    """The path and description of a fault in a resource; None for a sound one."""
    try:
        resource_type.from_dict(value)
    except (ValueError, TypeError, AttributeError) as error:
        return _narrow(value, lambda part: _is_accepted(resource_type, part)), _word(
            resource_type, error
        )
    return None


def _word(resource_type: Any, error: Exception) -> str:
    said = str(error)
    for pattern, wording in WORDING.items():
        if found := re.fullmatch(pattern, said):
            return found.expand(wording)
    if found := NO_VALUE.fullmatch(said):
        return f"{said}: write one of {', '.join(_list_values(resource_type, found[1]))}"
    return f"{said}: write a value of the type that {REFERENCE_PAGE} names"


def _list_values(resource_type: Any, name: str) -> list[str]:
    package = importlib.import_module(resource_type.__module__.partition("._models")[0])
    return sorted(member.value for member in getattr(package, name))


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
