"""Programs that delivery calls: git, the Databricks CLI, the Azure CLI, GitHub's."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

from bundlework.errors import refuse

# Where to get what is missing.
SOURCES = {
    "databricks": "run make cli",
    "az": "see https://learn.microsoft.com/cli/azure/install-azure-cli",
    "gh": "see https://cli.github.com",
    "git": "see https://git-scm.com",
    "uv": "see https://docs.astral.sh/uv",
}


def ask(root: Path, *words: str) -> str:
    """Runs a program and returns its output.

    Raises:
        Refusal: It is missing, or failed; with what it said.
    """
    require(words[0])
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        refuse([f"{shlex.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}"])
    return done.stdout.strip()


def run(root: Path, *words: str) -> None:
    """Runs a program that speaks to the user itself.

    Raises:
        Refusal: It is missing, or failed.
    """
    require(words[0])
    if subprocess.run(words, cwd=root, check=False).returncode:
        refuse([f"{shlex.join(words)} failed: see above"])


def require(program: str) -> None:
    """Refuses to go on without a program.

    Raises:
        Refusal: It is not on PATH.
    """
    if not shutil.which(program):
        refuse([f"{program} is not on PATH: {SOURCES[program]}"])
