"""Ends programs that a cancelled step left: Azure ends the step's shell, not its children."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RECORD = Path(".databricks") / "running.pid"
# Seconds that a process has to end by itself.
PATIENCE = 10.0
# Another process may have got the number of one that is long gone.
OWN = ("bundlework", "databricks bundle")


@contextmanager
def record(root: Path, *started: int) -> Iterator[None]:
    """Notes, for a while, that this program acts on a deployment, and what it has started."""
    file = root / RECORD
    file.parent.mkdir(exist_ok=True)
    file.write_text(" ".join(map(str, (os.getpid(), *started))), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def end_former(root: Path) -> None:
    """Ends what acts on a deployment in this clone, and waits until it is gone."""
    ended: set[int] = set()
    # Once the program is gone it starts nothing more; what it started last is noted by then.
    while left := [process for process in read_record(root) if process not in ended]:
        for process in left:
            end(process)
        ended.update(left)
    (root / RECORD).unlink(missing_ok=True)


def read_record(root: Path) -> list[int]:
    """The processes that are noted, the program before what it has started."""
    file = root / RECORD
    return [int(word) for word in file.read_text(encoding="utf-8").split()] if file.exists() else []


def end(process: int) -> None:
    """Asks a process to end, waits, and ends it where that does not help."""
    for asked in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(process):
            return
        print(f"process {process} of an earlier step still runs: {asked.name}", flush=True)
        with suppress(ProcessLookupError):
            os.kill(process, asked)
        wait_for_end(process)


def wait_for_end(process: int) -> None:
    """Waits until a process is gone, as long as there is patience."""
    last = time.monotonic() + PATIENCE
    while is_running(process) and time.monotonic() < last:
        time.sleep(0.1)


def is_running(process: int) -> bool:
    """Whether a process runs, and is one of this program's."""
    words = ["ps", "-ww", "-o", "stat=", "-o", "args=", "-p", str(process)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return not said.startswith("Z") and any(sign in said for sign in OWN)
