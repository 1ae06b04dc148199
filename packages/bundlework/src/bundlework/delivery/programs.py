"""Programs that delivery calls: git, the Databricks CLI, the Azure CLI, GitHub's."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bundlework.errors import refuse

from .agent import is_agent

# Where to get what is missing.
SOURCES = {
    "databricks": "run make cli",
    "az": "see https://learn.microsoft.com/cli/azure/install-azure-cli",
    "gh": "see https://cli.github.com",
    "git": "see https://git-scm.com",
    "uv": "see https://docs.astral.sh/uv",
}
# Told the number of the process, holds while it runs.
Noted = Callable[[int], AbstractContextManager[None]]


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


def unnoted(_: int) -> AbstractContextManager[None]:
    """Tells nobody of a process."""
    return nullcontext()


def run(root: Path, *words: str, noted: Noted = unnoted) -> None:
    """Runs a program under the user's eyes.

    Raises:
        Refusal: It is missing, or failed.
    """
    # A person's terminal is the program's own, for its questions; an agent's would obey it.
    start = relay if is_agent(os.environ) else _call
    code, _ = start(root, words, noted)
    refuse([f"{shlex.join(words)} failed: see above"] if code else [])


def relay(root: Path, words: Sequence[str], noted: Noted = unnoted) -> tuple[int, str]:
    """Runs a program whose lines this one prints.

    Returns:
        Its exit code, and all that it said.

    Raises:
        Refusal: It is missing.
    """
    require(words[0])
    said = []
    with (
        subprocess.Popen(
            words,
            cwd=root,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running,
        noted(running.pid),
    ):
        for line in running.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    return running.returncode, "".join(said)


def _call(root: Path, words: Sequence[str], noted: Noted) -> tuple[int, str]:
    require(words[0])
    with subprocess.Popen(words, cwd=root) as running, noted(running.pid):
        return running.wait(), ""


def require(program: str) -> None:
    """Refuses to go on without a program.

    Raises:
        Refusal: It is not on PATH.
    """
    if not shutil.which(program):
        refuse([f"{program} is not on PATH: {SOURCES[program]}"])
