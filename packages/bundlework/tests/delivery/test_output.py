"""Others' words, which a step prints, command no agent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rendered import copy_project

from bundlework.__main__ import main
from bundlework.delivery.programs import relay, run
from bundlework.laptop.display import redirect_noise
from bundlework.output import COMMAND, keep_harmless, tell_agent

WORDS = "##vso[task.setvariable variable=x]y ##VSO[task.logissue]z ##[error]e # ## Title"
BROKEN = "# #vso[task.setvariable variable=x]y # #VSO[task.logissue]z # #[error]e # ## Title"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = copy_project(tmp_path / "project")
    monkeypatch.chdir(made)
    return made


def test_what_is_printed_is_no_command_but_for_the_programs_own(capsys: Captured) -> None:
    with keep_harmless():
        print(WORDS)
        print(WORDS, file=sys.stderr)
        tell_agent("##vso[task.uploadsummary]page.md")
    assert capsys.readouterr() == (f"{BROKEN}\n##vso[task.uploadsummary]page.md\n", f"{BROKEN}\n")


def test_what_other_programs_print_is_none_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.setenv("TF_BUILD", "True")
    program = (
        sys.executable,
        "-c",
        f"import sys; print({WORDS!r}); print({WORDS!r}, file=sys.stderr)",
    )
    with keep_harmless():
        run(tmp_path, *program)
        code, said = relay(tmp_path, (sys.executable, "-c", "exit(3)"))
    assert (code, said) == (3, "")
    assert capfd.readouterr() == (f"{BROKEN}\n{BROKEN}\n", "")


def test_what_a_played_job_tells_is_none_either(tmp_path: Path, capfd: Captured) -> None:
    with redirect_noise(tmp_path / "log.txt") as console:
        console.print(WORDS, markup=False)
    assert capfd.readouterr().out == f"{BROKEN}\n"


@pytest.mark.parametrize("answer", ["exit 1", "echo nothing to parse"])
def test_a_verb_that_fails_tells_why_and_commands_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, answer: str
) -> None:
    program = tmp_path / "bin" / "databricks"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{WORDS}' >&2\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert main(["verify", "--target", "prod"]) != 0
    said = capsys.readouterr()
    assert said.err
    assert not COMMAND.search(said.err + said.out)


def test_a_plan_that_names_a_command_does_not_give_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    named = {"new_state": {"value": {"display_name": WORDS}}}
    plan = {"plan": {"resources.dashboards.model_health": {"action": "create", **named}}}
    program = tmp_path / "bin" / "databricks"
    program.parent.mkdir()
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    program.write_text(
        f"#!/bin/sh\ncase \"$2\" in plan) cat {tmp_path}/plan.json ;; list) echo '[]' ;;"
        " *) echo '{}' ;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("TF_BUILD", "True")
    assert main(["plan", "--target", "prod", "--plan", "build/plan"]) == 0
    commands = [line for line in capsys.readouterr().out.splitlines() if "##vso[" in line.lower()]
    assert commands == [f"##vso[task.uploadsummary]{(project / 'build/plan/plan.md').resolve()}"]
