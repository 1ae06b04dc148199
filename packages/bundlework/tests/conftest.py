"""The toy bundle with a real installed package, and the project with a fake workspace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rendered import copy_project
from toy_bundle import Toy
from workspace import FakeWorkspace, point_to_fake


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    packages = tmp_path / "site"
    metadata = packages / "toy-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[console_scripts]\nwork = toy:work\n")
    (packages / "toy.py").write_text("def work():\n    pass\n")
    sys.path.insert(0, str(packages))
    yield Toy(tmp_path)
    sys.path.remove(str(packages))


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    fake = FakeWorkspace()
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    return fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return point_to_fake(copy_project(tmp_path / "project"))
