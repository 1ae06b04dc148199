"""Reads `databricks.yml` and the files that it includes into one bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from glob import glob
from os.path import normpath
from pathlib import Path
from typing import Any

from .merging import MergeError, merge
from .presets import PRESET_KEYS
from .yaml_source import MAIN, BundleError, Path_, Places, read_yaml

KNOWN_TOP_LEVEL = {
    "artifacts", "bundle", "include", "permissions", "presets", "resources", "run_as", "scripts",
    "sync", "targets", "variables", "workspace",
}  # fmt: skip
KNOWN_TARGET = {
    "default", "mode", "permissions", "presets", "resources", "run_as", "sync", "variables",
    "workspace",
}  # fmt: skip
KNOWN_BUNDLE = {"databricks_cli_version", "engine", "git", "name", "uuid"}
# How to log in, which a laptop does not, and folders.
KNOWN_WORKSPACE = {
    "account_id", "artifact_path", "auth_type", "azure_client_id", "azure_environment",
    "azure_login_app_id", "azure_tenant_id", "azure_use_msi", "azure_workspace_resource_id",
    "client_id", "file_path", "host", "profile", "resource_path", "root_path", "state_path",
    "workspace_id",
}  # fmt: skip
KNOWN_ARTIFACT = {"build", "dynamic_version", "executable", "files", "path", "type"}
KNOWN_LOOKUP = {
    "alert", "cluster", "cluster_policy", "dashboard", "instance_pool", "job", "metastore",
    "notification_destination", "pipeline", "query", "service_principal", "warehouse",
}  # fmt: skip
KNOWN_RUN_AS = {"service_principal_name", "user_name"}
KNOWN_SYNC = {"exclude", "include", "paths"}
KNOWN_VARIABLE = {"default", "description", "lookup", "type"}
KNOWN_RESOURCES = {
    "alerts", "dashboards", "experiments", "jobs", "model_serving_endpoints", "registered_models",
    "schemas", "volumes",
}  # fmt: skip
KNOWN_ENTRIES = {"variables": KNOWN_VARIABLE, "artifacts": KNOWN_ARTIFACT, "targets": KNOWN_TARGET}
# Other programs' code, which could change any resource.
UNSUPPORTED_TOP_LEVEL = {"environments", "experimental", "python"}
NAME_FIELDS = {"alerts": "display_name", "dashboards": "display_name"}
FILES = {"notebook_path", "file_path", "whl"}
# Paths that do not depend on where they are written: absolute ones, URLs, references.
ANYWHERE = re.compile(r"/|\$\{|[A-Za-z][A-Za-z0-9+.-]*:")


def find_unsupported(config: dict[str, Any], places: Places) -> Iterator[str]:
    """Keys that a laptop does not know what to do with, each with its place."""
    yield from _refuse_keys(config, (), KNOWN_TOP_LEVEL, places)
    yield from _refuse_keys(config.get("bundle"), ("bundle",), KNOWN_BUNDLE, places)
    if not _as_mapping(config.get("bundle")).get("name"):
        yield places.describe(("bundle",), "name is missing: write one")
    for part, known in KNOWN_ENTRIES.items():
        yield from _refuse_value(config.get(part), (part,), places)
        for name, entry in _as_mapping(config.get(part)).items():
            yield from _refuse_keys(entry, (part, name), known, places)
    yield from _find_unsupported_parts(config, (), places)
    for name, target in _as_mapping(config.get("targets")).items():
        yield from _find_unsupported_parts(_as_mapping(target), ("targets", name), places)


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _find_unsupported_parts(config: dict[str, Any], path: Path_, places: Places) -> Iterator[str]:
    """Of what both the bundle and a target may have."""
    for part, known in (
        ("presets", PRESET_KEYS),
        ("resources", KNOWN_RESOURCES),
        ("run_as", KNOWN_RUN_AS),
        ("sync", KNOWN_SYNC),
        ("workspace", KNOWN_WORKSPACE),
    ):
        yield from _refuse_keys(config.get(part), (*path, part), known, places)
    for name, variable in _as_mapping(config.get("variables")).items():
        lookup = _as_mapping(variable).get("lookup")
        yield from _refuse_keys(lookup, (*path, "variables", name, "lookup"), KNOWN_LOOKUP, places)
    if "run_as" in config and len(config["run_as"] or {}) != 1:
        fault = f"name exactly one of {' and '.join(sorted(KNOWN_RUN_AS))}"
        yield places.describe((*path, "run_as"), fault)


def _refuse_value(value: Any, path: Path_, places: Places) -> Iterator[str]:
    if value is not None and not isinstance(value, dict):
        yield places.describe(path, f"a mapping is expected, not {value!r}")


def _refuse_keys(value: Any, path: Path_, known: set[str], places: Places) -> Iterator[str]:
    yield from _refuse_value(value, path, places)
    for key in sorted(set(_as_mapping(value)) - known, key=str):
        if key in UNSUPPORTED_TOP_LEVEL:
            fault = f"{key} is not supported on a laptop: declare resources in YAML"
        else:
            fault = f"unknown key {key}, or not supported: there are {', '.join(sorted(known))}"
        yield places.describe((*path, key), fault)


def read_files(root: Path) -> tuple[dict[str, Any], Places]:
    """The bundle of `databricks.yml` and what it includes, and where each value is written.

    Raises:
        BundleError: One line for each fault.
    """
    places = Places(root)
    config = anchor_paths(read_main(root, places), Path())
    faults = []
    read = {root / MAIN}
    for pattern in config.get("include") or []:
        files = _match_files(root, pattern)
        faults += [places.describe(("include",), fault) for fault in _judge_include(pattern, files)]
        for file in (file for file in files if file not in read):
            read.add(file)
            own = Places(root)
            part = anchor_paths(read_yaml(file, own), file.parent.relative_to(root))
            places.add_all(own)
            faults += _merge_include(config, part, own)
    faults += _find_shared_keys(config, places)
    if faults:
        raise BundleError(faults)
    return config, places


def read_main(root: Path, places: Places) -> dict[str, Any]:
    """What `databricks.yml` says by itself.

    Raises:
        BundleError: It is missing or broken, has no targets, or its `include` is no list.
    """
    main = root / MAIN
    if not main.exists():
        raise BundleError([f"{main} is missing: run this in the folder of the bundle"])
    config = read_yaml(main, places)
    if not config.get("targets"):
        raise BundleError([places.describe(("targets",), "there is none: declare dev at least")])
    patterns = config.get("include") or []
    if not (isinstance(patterns, list) and all(isinstance(each, str) for each in patterns)):
        raise BundleError([places.describe(("include",), "write a list of patterns such as *.yml")])
    return config


def _match_files(root: Path, pattern: str) -> list[Path]:
    # As Go's filepath.Glob, which the CLI uses: `**` is no more than `*`, and a dot is a letter.
    return [root / name for name in sorted(glob(pattern, root_dir=root, include_hidden=True))]


def _judge_include(pattern: str, files: Sequence[Path]) -> Iterator[str]:
    if Path(pattern).is_absolute():
        yield f"{pattern} is absolute: write it relative to databricks.yml"
    elif not files:
        yield f"{pattern} matches no file: remove it, or correct it"
    for file in files:
        if file.suffix not in (".yml", ".yaml", ".json"):
            yield f"{pattern} matches {file.name}, which is no YAML: name .yml files alone"


def _find_shared_keys(config: dict[str, Any], places: Places) -> Iterator[str]:
    # The CLI wants a key to be unique across all types of resources.
    kinds: dict[str, str] = {}
    for kind, group in config.get("resources", {}).items():
        for key in group:
            if key in kinds:
                fault = f"the key is used in resources.{kinds[key]} too: give it another one"
                yield places.describe(("resources", kind, key), fault)
            kinds[key] = kind


def find_nameless(config: dict[str, Any], places: Places) -> Iterator[str]:
    """Resources without the field that names them, each with its place."""
    for kind, group in config.get("resources", {}).items():
        for key, resource in group.items():
            field = NAME_FIELDS.get(kind, "name")
            name = _as_mapping(resource).get(field)
            if kind in KNOWN_RESOURCES and not (name and isinstance(name, str)):
                fault = f"{field} is missing, or no text: write one"
                yield places.describe(("resources", kind, key), fault)


def anchor_paths(value: Any, folder: Path) -> Any:
    """Paths of files, written relative to the YAML's own folder, relative to the bundle's."""
    if isinstance(value, list):
        return [anchor_paths(part, folder) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        k: normpath(folder / v)
        if k in FILES and isinstance(v, str) and not ANYWHERE.match(v)
        else anchor_paths(v, folder)
        for k, v in value.items()
    }


def _merge_include(config: dict[str, Any], part: dict[str, Any], places: Places) -> Iterator[str]:
    """Adds what a file has, and gives what is wrong with it by its own places."""
    for group, entries in part.items():
        if not isinstance(entries, dict) or group == "include":
            yield places.describe((group,), f"{group} belongs into databricks.yml: move it there")
            continue
        known = config[group] = config.get(group) or {}
        for key, value in entries.items():
            try:
                _merge_entry(known, group, key, value)
            except MergeError as error:
                yield places.describe((group, key, *error.path), str(error))


def _merge_entry(known: dict[str, Any], group: str, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise MergeError((), "it is empty, or no mapping: remove it, or write what belongs to it")
    for name in value if group == "resources" else ():
        if name in (known.get(key) or {}):
            fault = f"{key}.{name} is declared twice: remove one, or give it another key"
            raise MergeError((name,), fault)
    known[key] = merge(known.get(key), value)
