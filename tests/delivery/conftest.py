"""The fake workspace, and a project that deploys to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendered import copy_project
from workspace import FakeWorkspace, point_to_fake


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    fake = FakeWorkspace()
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    return fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return point_to_fake(copy_project(tmp_path / "project"))
