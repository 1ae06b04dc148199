"""Reads and digests the files of a model version."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import yaml

from ..platform.fingerprint import digest_facts

# `fe.log_model` keeps the model as trained beside the specification of its features.
NATIVE_MODEL = "data/feature_store/raw_model"
FEATURE_SPEC = "data/feature_store/feature_spec.yaml"


@dataclass(frozen=True)
class Artifact:
    """The facts that a version's files hold.

    Attributes:
        digest: SHA-256 of the model, its feature spec and its requirements.
        signature: The columns that the model takes, by its signature.
        spec_inputs: The columns that the feature spec delivers; empty without one.
        requirements: Lines of `requirements.txt`.
    """

    digest: str
    signature: tuple[str, ...]
    has_example: bool
    spec_inputs: tuple[str, ...]
    requirements: tuple[str, ...]


def read_artifact(folder: Path) -> Artifact:
    """Reads a downloaded version; a fact whose file is missing is empty."""
    native = folder / NATIVE_MODEL
    described = _read_yaml(native / "MLmodel")
    signature = json.loads((described.get("signature") or {}).get("inputs") or "[]")
    spec = _read_yaml(folder / FEATURE_SPEC).get("input_columns", [])
    requirements = native / "requirements.txt"
    lines = requirements.read_text().splitlines() if requirements.exists() else []
    return Artifact(
        digest=digest_files(folder),
        signature=tuple(column["name"] for column in signature),
        has_example=bool(described.get("saved_input_example_info")),
        spec_inputs=tuple(name for entry in spec for name in entry),
        requirements=tuple(line.strip() for line in lines if line.strip()),
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) if path.exists() else {}


@contextmanager
def carry_own_classes() -> Iterator[None]:
    """Lets a model that is saved in the block carry the classes of this package.

    A saved model names its classes only. Where nothing but its requirements is installed, there is
    no such package; elsewhere, a later release would change what an accepted version computes.
    """
    package = sys.modules[__package__.split(".")[0]]
    cloudpickle.register_pickle_by_value(package)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(package)


def digest_files(folder: Path) -> str:
    """Digests the names and contents of the files that training wrote, with SHA-256.

    Files that the registry adds are left out: each registry adds others.
    """
    files = [path for path in sorted((folder / "data").rglob("*")) if path.is_file()]
    return digest_facts([(f.relative_to(folder).as_posix(), digest_content(f)) for f in files])


def digest_content(path: str | Path) -> str:
    """Digests the content of a file with SHA-256."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
