"""What a cancelled step has left running is gone before its deployment is destroyed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rendered import copy_project

from bundlework.delivery import running
from bundlework.delivery.deploy import destroy

# Says what it does, and does it for long enough to be ended.
DATABRICKS = """#!/bin/sh
{trap}
case "$1 $2" in
  "jobs list" | "jobs list-runs") echo '[]'; exit ;;
esac
echo "$2" >> '{log}'
case "$2" in
  summary) echo '{{}}' ;;
  plan) sleep 0.5; echo '{{"plan": {{}}}}' ;;
  deploy | run) for _ in $(seq 150); do echo "$2" >> '{log}'; sleep 0.05; done ;;
  destroy) sleep 0.5 ;;
esac
"""
STUBBORN = "trap '' TERM"


class Agent:
    """A clone on an agent, where `databricks` is a stand-in."""

    def __init__(self, folder: Path, trap: str) -> None:
        self.project, self.log = copy_project(folder / "project"), folder / "log.txt"
        self.log.write_text("")
        program = folder / "bin" / "databricks"
        program.parent.mkdir()
        program.write_text(DATABRICKS.format(log=self.log, trap=trap))
        program.chmod(0o755)

    def start(self, verb: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "bundlework", verb, "--target", "pull_request"]
        return subprocess.Popen(words, cwd=self.project)

    def read_log(self) -> list[str]:
        return self.log.read_text().split()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        last = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < last, self.read_log()
            time.sleep(0.05)


@pytest.fixture(params=["", STUBBORN], ids=["obedient", "stubborn"])
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Agent:
    made = Agent(tmp_path, request.param)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("BUNDLE_VAR_deployer", "11111111-2222-3333-4444-555555555555")
    monkeypatch.setenv("BUNDLE_VAR_pull_request", "7")
    monkeypatch.setattr(running, "PATIENCE", 0.5)
    return made


@pytest.mark.parametrize(("verb", "reached"), [("deploy", "deploy"), ("integration", "run")])
def test_what_runs_is_ended_before_the_copy_is_destroyed(
    agent: Agent, verb: str, reached: str
) -> None:
    with agent.start(verb) as program:
        agent.wait_for(lambda: reached in agent.read_log())
        destroy(agent.project, "pull_request")
        assert program.wait() != 0
    assert agent.read_log()[-2:] == ["destroy", "summary"]
    assert agent.read_log().count("destroy") == 1


def test_a_deployment_that_only_plans_yet_does_not_begin(agent: Agent) -> None:
    with agent.start("deploy") as program:
        agent.wait_for(lambda: "plan" in agent.read_log())
        destroy(agent.project, "pull_request")
        assert program.wait() != 0
    time.sleep(0.5)
    assert agent.read_log() == ["summary", "plan", "destroy", "summary"]


def test_a_process_that_only_has_the_number_of_an_old_one_is_left_alone(agent: Agent) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        record = agent.project / running.RECORD
        record.parent.mkdir()
        record.write_text(f"{other.pid}")
        destroy(agent.project, "pull_request")
        assert other.poll() is None
        assert not record.exists()
        other.kill()
