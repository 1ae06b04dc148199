"""Reads a bundle as the Databricks CLI does, for one target, down to plain values."""

from __future__ import annotations

import copy
import re
import subprocess
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from os.path import normpath
from pathlib import Path
from typing import Any

from .presets import PRESET_KEYS, apply_target_mode, normalise
from .references import References, resolve
from .yaml_source import BundleError, Places, read_yaml

# What lists are merged by, when a target overrides them; other lists are appended to.
MERGE_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "grants": "principal",
    "parameters": "name",
}
KNOWN_TOP_LEVEL = {
    "artifacts", "bundle", "include", "permissions", "presets", "resources", "run_as", "scripts",
    "sync", "targets", "variables", "workspace",
}  # fmt: skip
KNOWN_TARGET = {
    "default", "mode", "permissions", "presets", "resources", "sync", "variables", "workspace",
}  # fmt: skip
KNOWN_VARIABLE = {"default", "description", "lookup", "type"}
KNOWN_RESOURCES = {
    "alerts", "dashboards", "experiments", "jobs", "model_serving_endpoints", "registered_models",
    "schemas", "volumes",
}  # fmt: skip
# Other programs' code, which could change any resource.
UNSUPPORTED_TOP_LEVEL = {"environments", "experimental", "python"}
FOLDERS = {
    f"{kind}_path": f"${{workspace.root_path}}/{folder}"
    for kind, folder in [
        ("file", "files"),
        ("artifact", "artifacts"),
        ("state", "state"),
        ("resource", "resources"),
    ]
}
NAME_FIELDS = {"alerts": "display_name", "dashboards": "display_name"}
FILES = {"notebook_path", "file_path", "whl"}
# Paths that do not depend on where they are written: absolute ones, URLs, references.
ANYWHERE = re.compile(r"/|\$\{|[A-Za-z][A-Za-z0-9+.-]*:")
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
    def jobs(self) -> dict[str, Any]:
        """The bundle's jobs by their key."""
        return self.config.get("resources", {}).get("jobs", {})

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
    config, places = _read_files(root)
    faults = list(_find_unsupported(config, places))
    if faults:
        raise BundleError(faults)
    name = target or _find_default_target(config)
    overrides = root / ".databricks" / "bundle" / name / "variable-overrides.json"
    if overrides.exists():
        raise BundleError(
            [f"{overrides}: not supported: set variables in the YAML, or BUNDLE_VAR_*"]
        )
    config = _apply_target(config, name)
    config = _fill_in(config, root, name)
    References(config, places, dict(variables or {})).choose_variables()
    config = resolve(config, places, ("variables", "bundle", "workspace"))
    config = apply_target_mode(config)
    add_ids(config)
    return Bundle(root, name, resolve(config, places), places)


def _find_unsupported(config: dict[str, Any], places: Places) -> Iterator[str]:
    yield from _refuse_keys(config, (), KNOWN_TOP_LEVEL, places)
    yield from _refuse_keys(config.get("presets"), ("presets",), PRESET_KEYS, places)
    yield from _refuse_keys(config.get("resources"), ("resources",), KNOWN_RESOURCES, places)
    for name, variable in (config.get("variables") or {}).items():
        yield from _refuse_keys(variable, ("variables", name), KNOWN_VARIABLE, places)
    for name, target in (config.get("targets") or {}).items():
        path = ("targets", name)
        yield from _refuse_keys(target, path, KNOWN_TARGET, places)
        part = target if isinstance(target, dict) else {}
        yield from _refuse_keys(part.get("presets"), (*path, "presets"), PRESET_KEYS, places)
        resources = (*path, "resources")
        yield from _refuse_keys(part.get("resources"), resources, KNOWN_RESOURCES, places)


def _refuse_keys(
    value: Any, path: tuple[Any, ...], known: set[str], places: Places
) -> Iterator[str]:
    if value is not None and not isinstance(value, dict):
        yield places.describe(path, f"a mapping is expected, not {value!r}")
        return
    for key in sorted(set(value or {}) - known, key=str):
        if key in UNSUPPORTED_TOP_LEVEL:
            fault = f"{key} is not supported on a laptop: declare resources in YAML"
        else:
            fault = f"unknown key {key}, or not supported: there are {', '.join(sorted(known))}"
        yield places.describe((*path, key), fault)


def _read_files(root: Path) -> tuple[dict[str, Any], Places]:
    main = root / "databricks.yml"
    if not main.exists():
        raise BundleError([f"{main} is missing: run this in the folder of the bundle"])
    places = Places(root)
    config = anchor_paths(read_yaml(main, places), Path())
    faults = []
    read = {main}
    for pattern in config.get("include", []):
        files = _match_files(root, pattern)
        faults += [places.describe(("include",), fault) for fault in _judge_include(pattern, files)]
        for file in (file for file in files if file not in read):
            read.add(file)
            part = anchor_paths(read_yaml(file, places), file.parent.relative_to(root))
            _merge_include(config, part, file, faults)
    faults += _find_shared_keys(config)
    faults += _find_nameless(config, places)
    if faults:
        raise BundleError(faults)
    return config, places


def _match_files(root: Path, pattern: str) -> list[Path]:
    # As Go's filepath.Glob, which the CLI uses: `**` is no more than `*`, and a dot is a letter.
    return [root / name for name in sorted(glob(pattern, root_dir=root, include_hidden=True))]


def _judge_include(pattern: str, files: Sequence[Path]) -> Iterator[str]:
    if Path(pattern).is_absolute():
        yield f"{pattern} is absolute: write it relative to databricks.yml"
    elif not files:
        yield f"{pattern} matches no file"
    for file in files:
        if file.suffix not in (".yml", ".yaml", ".json"):
            yield f"{pattern} matches {file.name}, which is no YAML"


def _find_shared_keys(config: dict[str, Any]) -> Iterator[str]:
    # The CLI wants a key to be unique across all types of resources.
    kinds: dict[str, str] = {}
    for kind, group in config.get("resources", {}).items():
        for key in group:
            if key in kinds:
                yield f"resources.{kind}.{key}: the key is used in resources.{kinds[key]} too"
            kinds[key] = kind


def _find_nameless(config: dict[str, Any], places: Places) -> Iterator[str]:
    for kind, group in config.get("resources", {}).items():
        for key, resource in group.items():
            field = NAME_FIELDS.get(kind, "name")
            if kind in KNOWN_RESOURCES and not (resource or {}).get(field):
                yield places.describe(("resources", kind, key), f"{field} is missing")


def anchor_paths(value: Any, folder: Path) -> Any:
    """Paths of files, written relative to the YAML's own folder, relative to the bundle's."""
    if isinstance(value, list):
        return [anchor_paths(part, folder) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        k: normpath(folder / v)
        if k in FILES and not ANYWHERE.match(str(v))
        else anchor_paths(v, folder)
        for k, v in value.items()
    }


def _merge_include(
    config: dict[str, Any], part: dict[str, Any], file: Path, faults: list[str]
) -> None:
    for group, entries in part.items():
        if not isinstance(entries, dict) or group == "include":
            faults.append(f"{file.name}: {group} belongs into databricks.yml")
            continue
        for key, value in entries.items():
            if not isinstance(value, dict):
                faults.append(f"{file.name}: {group}.{key} is empty, or no mapping")
            elif group == "resources":
                known = config.setdefault("resources", {}).setdefault(key, {})
                faults += [f"{file.name}: {key}.{n} is declared twice" for n in value if n in known]
                known.update(value)
            else:
                known = config.setdefault(group, {})
                known[key] = merge(known[key], value) if key in known else value


def _find_default_target(config: dict[str, Any]) -> str:
    targets = config.get("targets", {})
    defaults = [name for name, target in targets.items() if (target or {}).get("default")]
    if len(defaults) != 1 and len(targets) != 1:
        raise BundleError([f"name a target: {', '.join(targets)}"])
    return defaults[0] if defaults else next(iter(targets))


def _apply_target(config: dict[str, Any], name: str) -> dict[str, Any]:
    targets = config.get("targets", {})
    if name not in targets:
        raise BundleError([f"unknown target {name!r}: there are {', '.join(targets)}"])
    override = {k: v for k, v in (targets[name] or {}).items() if k != "default"}
    variables = override.pop("variables", {})
    merged = merge({k: v for k, v in config.items() if k != "targets"}, override)
    for key, value in variables.items():
        declared = merged.setdefault("variables", {})
        if key not in declared:
            raise BundleError([f"targets.{name}.variables.{key}: there is no variable {key}"])
        own = isinstance(value, dict) and set(value) & {"default", "lookup"}
        given = value if own else {"default": value}
        declared[key] = {**(declared[key] or {}), **given}
    return merged


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


def _fill_in(config: dict[str, Any], root: Path, target: str) -> dict[str, Any]:
    """Adds what the CLI knows by itself: the target, git's state, the user, the folders."""
    config = {"variables": {}, **copy.deepcopy(config)}
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
