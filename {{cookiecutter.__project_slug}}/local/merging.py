"""How one part of a bundle's YAML is laid upon another, as the Databricks CLI does it."""

from __future__ import annotations

from typing import Any

from .yaml_source import BundleError

# What lists are merged by, when a target overrides them; other lists are appended to.
MERGE_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "grants": "principal",
    "parameters": "name",
}


def merge(base: Any, override: Any, key: str = "") -> Any:
    """`override` upon `base`: maps deeply, keyed lists by their key, other lists appended.

    Nothing (null) overrides nothing, and a reference to a variable is a text until it is resolved.

    Raises:
        BundleError: The kinds of the values differ.
    """
    if base is None or override is None:
        return base if override is None else override
    if type(base) is not type(override):
        kinds = f"{type(base).__name__} with {type(override).__name__}"
        raise BundleError([f"{key}: {override!r} cannot override {base!r}: cannot merge {kinds}"])
    if isinstance(base, dict) and isinstance(override, dict):
        merged = {k: merge(v, override[k], k) if k in override else v for k, v in base.items()}
        return merged | {k: v for k, v in override.items() if k not in base}
    if isinstance(base, list) and isinstance(override, list):
        return _merge_lists(base, override, MERGE_KEYS.get(key))
    return override


def _merge_lists(base: list[Any], override: list[Any], key: str | None) -> list[Any]:
    if key is None or not all(isinstance(entry, dict) for entry in base + override):
        return base + override
    entries = {entry[key]: entry for entry in base}
    for entry in override:
        entries[entry[key]] = merge(entries.get(entry[key], {}), entry)
    return list(entries.values())
