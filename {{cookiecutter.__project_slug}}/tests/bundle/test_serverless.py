"""Serverless compute is Spark Connect: what it lacks must not be used."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))
MISSING = {"sparkContext", "rdd", "_jvm", "_jsparkSession", "cache", "persist", "toLocalIterator"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_package_uses_nothing_that_serverless_lacks(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & MISSING
