"""How one part of a bundle's YAML is laid upon another, as the Databricks CLI does it."""

from __future__ import annotations

from typing import Any

from .yaml_source import Path_

# The field by which a target's entries of a resource's list find those they override. Other lists
# are appended to, as a job's environments are.
MERGE_KEYS = {
    ("jobs", "tasks"): "task_key",
    ("jobs", "job_clusters"): "job_cluster_key",
    ("jobs", "parameters"): "name",
    ("pipelines", "clusters"): "label",
    ("apps", "resources"): "name",
}
# A cluster of a pipeline without a label is the one for everything.
DEFAULT_LABEL = "default"
# Of these, an entry that a target names again is replaced field by field, and not merged deeply.
REPLACED = {("apps", "resources")}


class MergeError(ValueError):
    """A value that cannot override another one.

    Attributes:
        path: Of the value, inside what was to be laid upon the base.
    """

    def __init__(self, path: Path_, fault: str) -> None:
        super().__init__(fault)
        self.path = path


def merge(base: Any, override: Any, path: Path_ = ()) -> Any:
    """`override` upon `base`: maps deeply, keyed lists by their key, other lists appended.

    Nothing (null) overrides nothing.

    Args:
        path: Of both values in the bundle.

    Raises:
        MergeError: The kinds of the values differ.
    """
    if base is None or override is None:
        return base if override is None else override
    if isinstance(base, dict) and isinstance(override, dict):
        merged = {
            k: merge(v, override[k], (*path, k)) if k in override else v for k, v in base.items()
        }
        return merged | {k: v for k, v in override.items() if k not in base}
    if isinstance(base, list) and isinstance(override, list):
        return _merge_lists(base, override, path)
    if isinstance(base, dict | list) or isinstance(override, dict | list):
        kind = _name_kind(base)
        raise MergeError(path, f"{override!r} cannot override {base!r}: write a {kind} here too")
    return override


def _name_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "text"


def _merge_lists(base: list[Any], override: list[Any], path: Path_) -> list[Any]:
    place, both = _find_place(path), base + override
    if place[1] == "privileges" and not any(isinstance(each, dict | list) for each in both):
        return list(dict.fromkeys(both))
    field = find_key(path)
    if field is None or not all(_has_text(entry, field) for entry in both):
        return both
    entries: dict[str, Any] = {}
    for index, entry in enumerate(both, -len(base)):
        key = _read_key(entry, field)
        known = entries.get(key, {})
        deep = place not in REPLACED
        entries[key] = merge(known, entry, (*path, max(0, index))) if deep else {**known, **entry}
    return list(entries.values())


def unite_grants(grants: list[dict[str, Any]], path: Path_) -> list[dict[str, Any]]:
    """The grants with one entry for each principal, and each privilege once.

    Args:
        path: Of the grants in the bundle.
    """
    united: list[dict[str, Any]] = merge([], grants, path)
    for grant in united:
        grant["privileges"] = list(dict.fromkeys(grant.get("privileges") or []))
    return united


def find_key(path: Path_) -> str | None:
    """The field that tells the entries of a list apart; None for a list without one."""
    place = _find_place(path)
    return "principal" if place[1] == "grants" else MERGE_KEYS.get(place)


def _find_place(path: Path_) -> tuple[str, str]:
    """The kind of resource that a list belongs to, and the list's name."""
    kind = str(path[1]) if len(path) == 4 and path[0] == "resources" else ""
    return kind, str(path[-1]) if path else ""


def _has_text(entry: Any, field: str) -> bool:
    return isinstance(entry, dict) and isinstance(_read_key(entry, field), str)


def _read_key(entry: dict[str, Any], field: str) -> Any:
    if field == "label":
        label = entry.get(field) or DEFAULT_LABEL
        return label.lower() if isinstance(label, str) else label
    return entry.get(field)
