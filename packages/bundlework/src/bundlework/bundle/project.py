"""What a project says of itself, and where its runs keep everything."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any


def get_state(root: Path) -> Path:
    """The folder that a project's runs keep everything in."""
    return Path(os.environ.get("LOCAL_WORKSPACE") or root / ".workspace")


def read_pyproject(root: Path) -> dict[str, Any]:
    """The project's own description; empty where the folder has none."""
    file = root / "pyproject.toml"
    return _parse(file.read_text(encoding="utf-8")) if file.exists() else {}


# Asked hundreds of times while a bundle is checked.
_parse = cache(tomllib.loads)


def read_package(root: Path) -> str:
    """The name of the project's Python package."""
    return read_pyproject(root)["project"]["name"].replace("-", "_")
