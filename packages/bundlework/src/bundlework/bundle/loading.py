"""Reads a bundle as the Databricks CLI does, for one target, down to plain values."""

from __future__ import annotations

import copy
import subprocess
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .contract import Contract, read_contract
from .merging import MergeError, merge
from .presets import apply_target_mode, normalise
from .reading import find_nameless, find_unsupported, read_files
from .references import References, resolve
from .yaml_source import BundleError, Path_, Places

FOLDERS = {
    f"{kind}_path": f"${{workspace.root_path}}/{folder}"
    for kind, folder in [
        ("file", "files"),
        ("artifact", "artifacts"),
        ("state", "state"),
        ("resource", "resources"),
    ]
}
NAMED_IN_A_CATALOG = {"schemas", "registered_models", "volumes"}


@dataclass(frozen=True)
class Bundle:
    """A bundle resolved for a target.

    Attributes:
        root: The folder of `databricks.yml`.
        config: Everything resolved; `{{...}}` values are left to the run.
        places: Where in which file a value was written, for messages.
    """

    root: Path
    target: str
    config: dict[str, Any]
    places: Places

    @property
    def contract(self) -> Contract:
        """What the project declares of itself."""
        return read_contract(self.root)

    @property
    def jobs(self) -> dict[str, Any]:
        """The bundle's jobs by their key."""
        return self.config.get("resources", {}).get("jobs", {})

    @property
    def is_development(self) -> bool:
        """Whether the target is a developer's own."""
        return self.config.get("mode") == "development"

    @property
    def schemas(self) -> list[str]:
        """`catalog.schema` of each schema the bundle declares."""
        declared = self.config.get("resources", {}).get("schemas", {}).values()
        return [schema["id"] for schema in declared]

    def find_job(self, job_id: object) -> str | None:
        """The key of the job with an id; None when the bundle has no such job."""
        return next((k for k, job in self.jobs.items() if str(job["id"]) == str(job_id)), None)

    def get_job(self, job_id: object) -> str:
        """The key of the job with an id.

        Raises:
            BundleError: No job of the bundle has it.
        """
        key = self.find_job(job_id)
        if key is None:
            raise BundleError([f"job_id {job_id} is no job of this bundle"])
        return key


def load_bundle(
    root: Path, target: str | None = None, variables: Mapping[str, str] | None = None
) -> Bundle:
    """Resolves the bundle in `root`.

    Args:
        target: A key of `targets`; None for the default one.
        variables: Values that replace defaults and the target's values.

    Raises:
        BundleError: One line for each fault, with file and line.
    """
    config, places = read_files(root)
    faults = list(find_unsupported(config, places))
    if faults:
        raise BundleError(faults)
    name = target or _find_default_target(config, places)
    places = places.for_target(name)
    overrides = root / ".databricks" / "bundle" / name / "variable-overrides.json"
    if overrides.exists():
        raise BundleError(
            [f"{overrides}: not supported: set variables in the YAML, or BUNDLE_VAR_*"]
        )
    config = _apply_target(config, name, places)
    nameless = list(find_nameless(config, places))
    if nameless:
        raise BundleError(nameless)
    config = _fill_in(config, root, name)
    References(config, places, dict(variables or {})).choose_variables()
    config = resolve(config, places, ("variables", "bundle", "workspace"))
    config = apply_target_mode(config, places)
    add_ids(config)
    return Bundle(root, name, resolve(config, places), places)


def _find_default_target(config: dict[str, Any], places: Places) -> str:
    targets = config.get("targets", {})
    defaults = [name for name, target in targets.items() if (target or {}).get("default")]
    if len(defaults) != 1 and len(targets) != 1:
        fault = f"name a target, or let one be the default: there are {', '.join(targets)}"
        raise BundleError([places.describe(("targets",), fault)])
    return defaults[0] if defaults else next(iter(targets))


def _apply_target(config: dict[str, Any], name: str, places: Places) -> dict[str, Any]:
    targets = config.get("targets", {})
    if name not in targets:
        fault = f"unknown target {name!r}: there are {', '.join(targets)}"
        raise BundleError([places.describe(("targets",), fault)])
    override = {k: v for k, v in (targets[name] or {}).items() if k != "default"}
    variables = override.pop("variables", None) or {}
    # Who runs the jobs is replaced, not merged.
    replaced = {"targets"} | ({"run_as"} & set(override))
    try:
        merged = merge({k: v for k, v in config.items() if k not in replaced}, override)
    except MergeError as error:
        path = ("targets", name, *error.path)
        raise BundleError([places.describe(path, str(error))]) from None
    _override_variables(merged, variables, ("targets", name, "variables"), places)
    return merged


def _override_variables(
    config: dict[str, Any], variables: dict[str, Any], path: Path_, places: Places
) -> None:
    declared = config.setdefault("variables", {})
    for key, value in variables.items():
        if key not in declared:
            fault = f"there is no variable {key}: declare it under variables, or correct the name"
            raise BundleError([places.describe((*path, key), fault)])
        own = isinstance(value, dict) and set(value) & {"default", "lookup"}
        given = value if own else {"default": value}
        declared[key] = {**(declared[key] or {}), **given}


def _fill_in(config: dict[str, Any], root: Path, target: str) -> dict[str, Any]:
    """Adds what the CLI knows by itself: the target, git's state, the user, the folders."""
    config = copy.deepcopy(config)
    config["variables"] = config.get("variables") or {}
    git = {
        "commit": _ask_git(root, "rev-parse", "HEAD"),
        "branch": _ask_git(root, "rev-parse", "--abbrev-ref", "HEAD"),
    }
    bundle = {**config["bundle"], "target": target, "mode": config.get("mode", "")}
    bundle["git"] = {**git, **config["bundle"].get("git", {})}
    user = _ask_git(root, "config", "user.email") or "me@laptop"
    home = f"/Workspace/Users/{user}/.bundle/{bundle['name']}/{target}"
    workspace: dict[str, Any] = {"host": "", "root_path": home, **FOLDERS}
    workspace |= {"current_user": _describe_user(user), **config.get("workspace", {})}
    return {**config, "bundle": bundle, "workspace": workspace}


def _describe_user(user: str) -> dict[str, str]:
    short = normalise(user.split("@")[0])
    return {"userName": user, "short_name": short, "domain_friendly_name": short}


def _ask_git(root: Path, *words: str) -> str:
    try:
        answer = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def add_ids(config: dict[str, Any]) -> None:
    """Gives every resource an id: its full name in a catalog, or a number made of its key."""
    for kind, group in config.get("resources", {}).items():
        for key, resource in group.items():
            resource["id"] = _make_id(kind, key, resource)


def _make_id(kind: str, key: str, resource: dict[str, Any]) -> Any:
    if kind in NAMED_IN_A_CATALOG:
        parts = (resource.get("catalog_name"), resource.get("schema_name"), resource["name"])
        return ".".join(str(part) for part in parts if part)
    return 1 + zlib.crc32(f"{kind}.{key}".encode())
