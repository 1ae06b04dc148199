"""The template's own verbs call what is there."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from rendering import ROOT

DEMO = ROOT / "build" / "demo" / "flight-delays"
BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_bench_calls_a_program_that_is_there(name: str) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "bench", f"BENCH={name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    program = shlex.split(done.stdout.splitlines()[-1])[-1]
    assert (DEMO / program).resolve().is_file(), program
