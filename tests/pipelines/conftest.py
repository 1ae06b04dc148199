"""A rendered project for each place that a repository can be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from player import NUMBERS
from rendering import render

LONGEST = "test_every_act_ends_as_it_should"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that nothing waits for it at the end."""
    items.sort(key=lambda item: item.name != LONGEST)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project by the answer repo_host."""
    return {h: render(tmp_path_factory.mktemp(h), repo_host=h) for h in NUMBERS}


@pytest.fixture(params=[*NUMBERS])
def host(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def project(rendered: dict[str, Path], host: str, tmp_path: Path) -> Path:
    """A copy to spoil."""
    copy = tmp_path / rendered[host].name
    copy.mkdir()
    shutil.copy(rendered[host] / "Makefile", copy)
    shutil.copytree(rendered[host] / ".azure-pipelines", copy / ".azure-pipelines")
    return copy
