"""Reads `databricks.yml` and the files that it includes into one bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from .forms import CONFIG, find_form_faults
from .merging import MergeError, merge
from .yaml_source import MAIN_FILES, BundleError, Places, read_yaml, write_down

# The CLI's target where a bundle declares none.
DEFAULT_TARGET = "default"


def read_files(root: Path) -> tuple[dict[str, Any], Places]:
    """The bundle of `databricks.yml` and what it includes, and where each value is written.

    Raises:
        BundleError: One line for each fault.
    """
    places = Places(root)
    config = read_main(root, places)
    faults = []
    read = {places.files[0]}
    for pattern in map(str, config.pop("include", None) or []):
        files = _match_files(root, pattern)
        faults += [places.describe(("include",), fault) for fault in _judge_include(pattern, files)]
        for file in (file for file in files if file not in read and _is_yaml(file)):
            read.add(file)
            own = Places(root)
            part = _read_part(file, own)
            places.add_all(own)
            config, found = _merge_include(config, part, own)
            faults += found
    config = _name_all(config)
    faults += _find_shared_keys(config, places)
    if faults:
        raise BundleError(faults)
    return config, places


def read_main(root: Path, places: Places) -> dict[str, Any]:
    """Reads `databricks.yml` alone, without the files that it includes.

    Raises:
        BundleError: It is missing, broken, or has parts of another form than the CLI reads.
    """
    found = [root / name for name in MAIN_FILES if (root / name).is_file()]
    if not found:
        missing = f"{root / MAIN_FILES[0]} is missing: run this in the folder of the bundle"
        raise BundleError([missing])
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise BundleError([f"{root}: there are {names}: keep one of them"])
    return _read_part(found[0], places)


def _read_part(file: Path, places: Places) -> dict[str, Any]:
    """A file's content, its form judged.

    Raises:
        BundleError: It is broken, or has parts of another form than the CLI reads.
    """
    part = read_yaml(file, places)
    if "targets" not in part and "environments" in part:
        part["targets"] = part.pop("environments")
    faults = [places.describe(path, fault) for path, fault in find_form_faults(part, CONFIG)]
    if faults:
        raise BundleError(faults)
    return part


def _name_all(config: dict[str, Any]) -> dict[str, Any]:
    """The bundle with every section that others read, and no empty target or variable."""
    for section in ("bundle", "resources", "targets", "variables", "workspace"):
        config[section] = config.get(section) or {}
    for section in ("targets", "variables"):
        config[section] = {name: entry or {} for name, entry in config[section].items()}
    config["targets"] = config["targets"] or {DEFAULT_TARGET: {}}
    return config


def _match_files(root: Path, pattern: str) -> list[Path]:
    # As Go's filepath.Glob, which the CLI uses: `**` is no more than `*`, and a dot is a letter.
    return [root / name for name in sorted(glob(pattern, root_dir=root, include_hidden=True))]


def _judge_include(pattern: str, files: Sequence[Path]) -> Iterator[str]:
    if Path(pattern).is_absolute():
        yield f"{pattern} is absolute: write it relative to databricks.yml"
    elif not files and not has_magic(pattern):
        yield f"{pattern} matches no file: remove it, or correct it"
    for file in files:
        if not _is_yaml(file):
            yield f"{pattern} matches {file.name}, which is no YAML: name .yml files alone"


def _is_yaml(file: Path) -> bool:
    return file.suffix in (".yml", ".yaml", ".json")


def _find_shared_keys(config: dict[str, Any], places: Places) -> Iterator[str]:
    # The CLI wants a key to be unique across all types of resources.
    kinds: dict[str, str] = {}
    for kind, group in config["resources"].items():
        for key in group or {}:
            if key in kinds:
                fault = f"the key is used in resources.{kinds[key]} too: give it another one"
                yield places.describe(("resources", kind, key), fault)
            kinds[key] = kind


def _merge_include(
    config: dict[str, Any], part: dict[str, Any], places: Places
) -> tuple[dict[str, Any], list[str]]:
    """The bundle with what a file has, and what is wrong with the file by its own places."""
    # The CLI follows the includes of databricks.yml alone.
    part = {section: value for section, value in part.items() if section != "include"}
    faults = [
        places.describe(("resources", kind, key), fault)
        for kind, group in (part.get("resources") or {}).items()
        for key in group or {}
        if key in ((config.get("resources") or {}).get(kind) or {})
        for fault in [f"{kind}.{key} is declared twice: remove one, or give it another key"]
    ]
    try:
        return merge(config, part), faults
    except MergeError as error:
        return config, [*faults, places.describe(error.path, str(error))]


def read_variable_file(root: Path, target: str) -> dict[str, Any]:
    """Values of variables that a person keeps for a target, outside git.

    Raises:
        BundleError: The file is broken.
    """
    file = get_variable_file(root, target)
    if not file.exists():
        return {}
    values: dict[str, Any] = write_down(read_yaml(file, Places(root)), ".")
    return values


def get_variable_file(root: Path, target: str) -> Path:
    """Where the CLI looks for a person's own values of a target's variables."""
    return root / ".databricks" / "bundle" / target / "variable-overrides.json"
