"""The pipelines of a clean clone, played in order.

With the Databricks CLI and its fake workspace, all of it; without, what needs no workspace.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from player import NUMBERS
from rehearsal import TESTING_VERBS, rehearse
from workspace import MISSING

# A verb that says what the programs get.
TELL = "tell: ; @echo $$BUNDLE_VAR_pull_request\n"
ON_SPARK = frozenset({"integration", "start"})


@pytest.mark.parametrize("host", NUMBERS)
def test_a_pull_request_has_its_hosts_number(rendered: dict[str, Path], host: str) -> None:
    words = ["make", "--no-print-directory", "-f", "Makefile", "-f", "-", "tell"]
    environment = {**os.environ, **NUMBERS[host]}
    said = subprocess.run(
        words,
        input=TELL,
        cwd=rendered[host],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout == "7\n"


def test_every_act_ends_as_it_should(
    rendered: dict[str, Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The few programs that run here start sooner than all would be compiled.
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "0")
    # They are tested by themselves, and take long.
    without = TESTING_VERBS | ON_SPARK if MISSING else TESTING_VERBS
    assert rehearse(rendered["azure_repos"], tmp_path / "stage", without) == []
    said = "left out, since there is no workspace: broken integration, cancelled, "
    assert (said in capfd.readouterr().out) == MISSING
