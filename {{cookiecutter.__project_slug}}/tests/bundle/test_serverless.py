"""Serverless compute is Spark Connect: what it lacks must not be used."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))
MISSING = {"sparkContext", "rdd", "_jvm", "_jsparkSession", "cache", "persist", "toLocalIterator"}


def find_missing(text: str) -> set[str]:
    nodes = ast.walk(ast.parse(text))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} & MISSING


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_package_uses_nothing_that_serverless_lacks(source: Path) -> None:
    assert find_missing(source.read_text(encoding="utf-8")) == set()


def test_what_serverless_lacks_is_found() -> None:
    assert find_missing("spark.sparkContext.x(1)\nrows.cache()") == {"sparkContext", "cache"}
