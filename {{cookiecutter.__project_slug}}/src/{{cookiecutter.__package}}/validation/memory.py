"""Measures the memory that a model takes; run as a program, in a new process for each model."""

from __future__ import annotations

import multiprocessing
import pickle
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle
import pandas as pd

if TYPE_CHECKING:
    from ..registry.loading import ScoringModel

# Bytes; two smaller numbers would differ by the allocator's rounding alone.
LEAST_MEMORY = 16 * 2**20
# The libraries of a model are imported before the measurement begins.
LIBRARIES = ("lightgbm", "sklearn.pipeline")


def measure_memory(
    models: Sequence[ScoringModel], tables: Sequence[pd.DataFrame], method: str
) -> list[float]:
    """Measures the most bytes that loading each model and scoring its rows take.

    The libraries do not count.

    Args:
        method: The method of a model's pipeline that scores.

    Raises:
        RuntimeError: A model cannot be loaded or does not score.
    """
    with tempfile.TemporaryDirectory() as scratch:
        tasks = [Path(scratch) / str(number) for number in range(len(models))]
        for task, model, rows in zip(tasks, models, tables, strict=True):
            scoring, inputs = getattr(model.rest, method), model.first.compute(rows)
            task.write_bytes(cloudpickle.dumps((scoring, inputs)))
        command = [sys.executable, "-m", __name__, *map(str, tasks)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"a process that loads the model failed: {done.stderr.strip()[-300:]}")
    return [max(float(line), LEAST_MEMORY) for line in done.stdout.split()]


def measure_task(task: str) -> int:
    """Measures by how many bytes this process grows at most while it scores."""
    before = get_peak()
    with Path(task).open("rb") as file:
        scoring, rows = pickle.load(file)
    scoring(rows)
    return get_peak() - before


def get_peak() -> int:
    """Gets the most bytes that this process has held so far."""
    # A process that was forked counts its own memory only; one that was started anew would also
    # count that of the process that started it.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    for library in LIBRARIES:
        import_module(library)
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        print(*pool.map(measure_task, sys.argv[1:], chunksize=1))
