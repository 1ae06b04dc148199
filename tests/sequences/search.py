"""Searches for a sequence of operations after which a table is wrong.

Called in the folder of a rendered project: `python -m sequences.search MINUTES`.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from itertools import cycle
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test

from bundlework.bundle.loading import load_bundle

from .life import ModelSequence
from .machine import LAKES, Sequence
from .registry import open_lake

DRAWN = settings(
    # Two rounds, one of each machine, take about ten minutes.
    max_examples=10,
    stateful_step_count=12,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def search(minutes: float) -> int:
    """Prints each sequence after which a table is wrong, shortened, and how many were tried."""
    differences, Sequence.end = 0, time.monotonic() + 60 * minutes
    machines = cycle((Sequence, ModelSequence))
    while time.monotonic() < Sequence.end:
        try:
            run_state_machine_as_test(next(machines), settings=DRAWN)
        except Unsatisfiable:
            pass  # the time was over before the first sequence of this round
        except Exception:  # whatever fails in a sequence is a difference, and is printed
            differences += 1
            traceback.print_exc()
        print(f"{describe_counted()}, {differences} differences", flush=True)
    return differences


def describe_counted() -> str:
    """How many sequences and operations were tried, by kind."""
    kinds = ", ".join(f"{name} {number}" for name, number in Sequence.counted.most_common())
    return f"{Sequence.tried} sequences, {Sequence.counted.total()} operations ({kinds})"


def main() -> int:
    """The number of differences is the exit code."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lake = open_lake(Path(folder), load_bundle(Path.cwd()).is_serverless)
        LAKES.append(lake)
        try:
            return search(float(sys.argv[1]))
        finally:
            lake.spark.stop()


if __name__ == "__main__":
    sys.exit(main())
