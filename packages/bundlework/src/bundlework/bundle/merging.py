"""How one part of a bundle's YAML is laid upon another, as the Databricks CLI does it."""

from __future__ import annotations

from typing import Any

from .yaml_source import Path_

# What lists are merged by, when a target overrides them; other lists are appended to, as a job's
# environments are.
MERGE_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "grants": "principal",
    "parameters": "name",
}


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

    Nothing (null) overrides nothing, and a reference to a variable is a text until it is resolved.

    Raises:
        MergeError: The kinds of the values differ.
    """
    if base is None or override is None:
        return base if override is None else override
    if type(base) is not type(override):
        kind = type(base).__name__
        raise MergeError(path, f"{override!r} cannot override {base!r}: write a {kind} here too")
    if isinstance(base, dict) and isinstance(override, dict):
        merged = {
            k: merge(v, override[k], (*path, k)) if k in override else v for k, v in base.items()
        }
        return merged | {k: v for k, v in override.items() if k not in base}
    if isinstance(base, list) and isinstance(override, list):
        return _merge_lists(base, override, path)
    return override


def _merge_lists(base: list[Any], override: list[Any], path: Path_) -> list[Any]:
    name = str(path[-1]) if path else ""
    if name == "privileges":
        return list(dict.fromkeys(base + override))
    key = MERGE_KEYS.get(name)
    if key is None or not all(_has_text(entry, key) for entry in base + override):
        return base + override
    entries = {entry[key]: entry for entry in base}
    for index, entry in enumerate(override):
        entries[entry[key]] = merge(entries.get(entry[key], {}), entry, (*path, index))
    return list(entries.values())


def _has_text(entry: Any, key: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(key), str)
