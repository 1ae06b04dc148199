"""Finds names that belong in a variable or a reference, in the YAML as a person wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .loading import Bundle
from .references import REFERENCE
from .yaml_source import Places, read_yaml

PLACE_FIELDS = ("catalog_name", "schema_name", "dataset_catalog", "dataset_schema")
# Where values are passed on: a catalog by itself is one there, whatever the parameter is called.
PARAMETERS = {"named_parameters", "base_parameters", "job_parameters", "parameters", "settings"}
TABLE_IN_SQL = re.compile(r"(?i)\b(?:from|join|into|update)\s+(\S+\.\S+)")


def find_hard_coded_names(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Catalogs and schemas that are named anywhere but in the variables made for them."""
    bundle = next(iter(bundles.values()))
    declared = bundle.contract.variables
    read = {*declared.read_catalogs, *declared.read_schemas, declared.listed_schemas}
    declaring = {declared.catalog, *read}
    names = set().union(*(collect_names(b) for b in bundles.values()))
    for file in bundle.places.files:
        places = Places(bundle.root)
        for path, value in walk(read_yaml(file, places)):
            if _declares(path, declaring) or not isinstance(value, str):
                continue
            if is_hard_coded(path, value, names):
                fault = f"{value!r} is hard-coded: use a variable, or ${{resources.schemas.KEY.id}}"
                yield places.describe(path, fault)
    for file in sorted((bundle.root / "dashboards").glob("*.lvdash.json")):
        for dataset in json.loads(file.read_text(encoding="utf-8"))["datasets"]:
            for table in TABLE_IN_SQL.findall("".join(dataset["queryLines"])):
                where = f"{locate(bundle.root, file, re.escape(table))}: datasets.{dataset['name']}"
                yield f"{where}: {table!r} is hard-coded: name the table alone"


def locate(root: Path, file: Path, pattern: str) -> str:
    """`file:line` of the first line that has a pattern; the file's first, where none has it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = (number for number, line in enumerate(lines, 1) if re.search(pattern, line))
    return f"{file.relative_to(root).as_posix()}:{next(found, 1)}"


def collect_names(bundle: Bundle) -> set[str]:
    """The target's catalogs, and its schemas in full."""
    variables, declared = bundle.config["variables"], bundle.contract.variables
    named = (declared.catalog, *declared.read_catalogs)
    catalogs = {str(variables[name]["value"]) for name in named}
    return catalogs | set(bundle.schemas) | {s.rpartition(".")[2] for s in bundle.schemas}


def _declares(path: tuple[Any, ...], declaring: set[str]) -> bool:
    # These variables say which catalogs and schemas there are.
    return "variables" in path and path[path.index("variables") + 1] in declaring


def is_hard_coded(path: tuple[Any, ...], text: str, names: set[str]) -> bool:
    """Whether a text names a place that differs from target to target."""
    if path[-1] in PLACE_FIELDS and "$" not in text:
        return True
    if TABLE_IN_SQL.search(text) and path[-1] == "query_text":
        return True
    parts = REFERENCE.sub("", text).split(".")
    if len(parts) in (2, 3) and not re.search(r"[\s/]", text):
        return bool({*parts} & names)
    return text in names and bool(PARAMETERS & {*path})


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every single value with its path."""
    if not isinstance(value, dict | list):
        yield path, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield from walk(part, (*path, key))
