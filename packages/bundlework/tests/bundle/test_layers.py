"""Imports go one way, and checking a bundle loads neither Spark nor MLflow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bundlework

PACKAGE = Path(bundlework.__file__).parent
# Who may import whom, beside its own folder and the errors.
ALLOWED = {"bundle": set(), "laptop": {"bundle"}, "delivery": {"bundle", "laptop"}}
# The one module of delivery that reads what the laptop's runs have tracked.
NEEDS_LAPTOP = {"model_comparison.py"}
HEAVY = ("pyspark", "mlflow", "delta", "databricks.feature_engineering", "pandas")


def list_imports(file: Path) -> Iterator[str]:
    """The first folder of each import of this package in a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            first, _, rest = name.partition(".")
            if first == "bundlework":
                yield rest.partition(".")[0]


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_only_the_layers_below(layer: str) -> None:
    for file in (PACKAGE / layer).rglob("*.py"):
        others = {*list_imports(file)} & {*ALLOWED} - {layer}
        assert others <= ALLOWED[layer], file
        if layer == "delivery" and "laptop" in others:
            assert file.name in NEEDS_LAPTOP


def test_the_package_names_nothing_of_the_project() -> None:
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text()
        assert not [word for word in ("flight", "carrier", "late_share") if word in text], file


def test_validating_imports_nothing_heavy() -> None:
    code = f"""
import sys
import bundlework.__main__, bundlework.bundle.validate
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
