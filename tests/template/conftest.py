"""Rendered projects for the tests of the template."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendering import render


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("default"))
