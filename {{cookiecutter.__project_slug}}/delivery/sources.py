"""What only the YAML as it is written shows: names that belong in a variable or a reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.bundle import Bundle
from local.yaml_source import Places, read_yaml

PLACE_FIELDS = ("catalog_name", "schema_name", "dataset_catalog", "dataset_schema")


def find_hard_coded_names(root: Path, bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Catalogs and schemas that a resource names itself."""
    names = set().union(*(collect_names(bundle) for bundle in bundles.values()))
    for file in sorted((root / "resources").glob("*.yml")):
        places = Places(root)
        for path, text in walk(read_yaml(file, places)):
            if is_hard_coded(path[-1], text, names):
                fault = f"{text!r} is hard-coded: use a variable, or ${{resources.schemas.KEY.id}}"
                yield places.describe(path, fault)
    for file in sorted((root / "dashboards").glob("*.lvdash.json")):
        for dataset in json.loads(file.read_text(encoding="utf-8"))["datasets"]:
            found = re.findall(r"(?i)\b(?:from|join)\s+(\S+\.\S+)", "".join(dataset["queryLines"]))
            where = f"{file.relative_to(root)}: datasets.{dataset['name']}"
            yield from (f"{where}: {t!r} is hard-coded: name the table alone" for t in found)


def collect_names(bundle: Bundle) -> set[str]:
    """The target's catalogs, and its schemas in full."""
    variables = bundle.config["variables"]
    catalogs = {v["value"] for k, v in variables.items() if k.endswith("catalog")}
    return catalogs | set(bundle.schemas) | {s.split(".")[1] for s in bundle.schemas}


def is_hard_coded(field: Any, text: str, names: set[str]) -> bool:
    """Whether a text names a place that differs from target to target."""
    if "$" in text or "{{" in text:
        return any(text.startswith(f"{name}.") for name in names)
    parts = text.split(".")
    is_place = field in PLACE_FIELDS or len(parts) in (2, 3)
    return field in PLACE_FIELDS or (is_place and " " not in text and bool({*parts} & names))


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from walk(part, (*path, key))
