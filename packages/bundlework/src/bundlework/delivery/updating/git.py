"""Calls of git, with names of files as they are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bundlework.delivery.programs import require
from bundlework.errors import refuse


def ask_git(folder: Path, *words: str, given: str = "", **environment: str) -> str:
    """Returns what git prints.

    Raises:
        Refusal: git is missing, or failed; with what git said.
    """
    done = try_git(folder, *words, given=given, **environment)
    if done.returncode:
        refuse([f"git {words[0]} failed in {folder}: {done.stderr.strip()}"])
    return done.stdout.removesuffix("\n")


def try_git(
    folder: Path, *words: str, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Calls git, whose failure the caller judges; git speaks English, as its lines are read."""
    require("git")
    return subprocess.run(
        ["git", *words], cwd=folder, input=given, capture_output=True, encoding="utf-8",
        errors="surrogateescape", env=os.environ | {"LC_ALL": "C"} | environment, check=False
    )  # fmt: skip
