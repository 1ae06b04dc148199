"""Chooses a target of the bundle, and lays what the target says upon the rest."""

from __future__ import annotations

from typing import Any

from .merging import MergeError, merge
from .yaml_source import BundleError, Path_, Places

# The sections of a target that are laid upon those of the bundle.
MERGED = ("bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets")
# The fields of a declaration: a mapping with other keys is a value of the variable.
DECLARATIONS = (
    {"default", "type", "description"},
    {"default", "type"},
    {"default", "description"},
    {"lookup", "description"},
    {"default"},
    {"lookup"},
)


def find_default_target(config: dict[str, Any], places: Places) -> str:
    """The key of the default target, or of the only one.

    Raises:
        BundleError: There are several, and none or more than one is the default.
    """
    targets = config["targets"]
    defaults = [name for name, target in targets.items() if target.get("default")]
    if len(defaults) != 1 and len(targets) != 1:
        fault = f"name a target, or let one be the default: there are {', '.join(targets)}"
        raise BundleError([places.describe(("targets",), fault)])
    return str(defaults[0] if len(targets) > 1 else next(iter(targets)))


def apply_target(config: dict[str, Any], name: str, places: Places) -> dict[str, Any]:
    """The bundle with the sections and variables of a target.

    Raises:
        BundleError: The target is unknown, or a value of it cannot override the bundle's.
    """
    targets = config["targets"]
    if name not in targets:
        fault = f"unknown target {name!r}: there are {', '.join(targets)}"
        raise BundleError([places.describe(("targets",), fault)])
    target = targets[name]
    merged = {section: value for section, value in config.items() if section != "targets"}
    try:
        for section in MERGED:
            if target.get(section) is not None:
                merged[section] = merge(merged.get(section), target[section], (section,))
    except MergeError as error:
        path = ("targets", name, *error.path)
        raise BundleError([places.describe(path, str(error))]) from None
    # A target replaces `run_as`, and does not merge it.
    merged |= {field: target[field] for field in ("run_as", "mode") if field in target}
    own = {"cluster_id": target.get("cluster_id") or target.get("compute_id")}
    own |= {"git": {**(merged["bundle"].get("git") or {}), **(target.get("git") or {})}}
    merged["bundle"] = {**merged["bundle"], **{k: v for k, v in own.items() if v}}
    variables = target.get("variables") or {}
    _override_variables(merged, variables, ("targets", name, "variables"), places)
    return merged


def _override_variables(
    config: dict[str, Any], variables: dict[str, Any], path: Path_, places: Places
) -> None:
    declared = dict(config["variables"])
    for key, value in variables.items():
        if key not in declared:
            fault = f"there is no variable {key}: declare it under variables, or correct the name"
            raise BundleError([places.describe((*path, key), fault)])
        is_whole = isinstance(value, dict) and set(value) in DECLARATIONS
        given = value if is_whole else {"default": value}
        # A value comes instead of a lookup, and a lookup instead of a value.
        former = {"lookup"} if "default" in given else {"default"}
        declared[key] = {k: v for k, v in declared[key].items() if k not in former} | given
    config["variables"] = declared
