"""The template's verbs are its projects' verbs, and call what is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from rendering import ROOT

DEMO = ROOT / "build" / "demo" / "flight-delays"
BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
BOTH = {"help", "test", "check", "fix", "ui", "times", "tables", "show", "clean"}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
OF_THE_DEMO = ["ui", "times", "tables", "show"]


def call_make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def list_verbs(folder: Path) -> set[str]:
    return set(re.findall(r"^  make ([a-z-]+) ", call_make(folder, "help").stdout, re.M))


def list_typed() -> list[str]:
    text = (ROOT / "{{cookiecutter.__project_slug}}" / "Makefile").read_text()
    (listed,) = re.findall(r"^TYPED := ((?:.*\\\n)*.*)$", text, re.M)
    return listed.replace("\\\n", " ").split()


@pytest.mark.parametrize("name", list_typed())
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_what_a_person_types_arrives_as_it_is(project: Path, name: str, way: str) -> None:
    typed = "saved $5, $(shell touch made) `touch made` $HOME 'x' \"y\" #"
    # The verb's own program is replaced, its options are a comment.
    words = [
        "make",
        "--no-print-directory",
        "-o",
        ".venv/ready",
        "deploy",
        f"BUNDLEWORK=printenv {name} #",
    ]
    words += [f"{name}={typed}"] if way == "argument" else []
    known = {**os.environ, **({name: typed} if way == "environment" else {})}
    done = subprocess.run(
        words, cwd=project, env=known, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{typed}\n", done.stderr
    assert not (project / "made").exists()


def test_the_pin_of_the_cli_moves_only_where_make_itself_is_told_a_version(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = call_make(project, "--dry-run", "-o", ".venv/ready", "cli", "VERSION=1.13.0")
    assert "cli --version" in told.stdout
    monkeypatch.setenv("VERSION", "9.9.9")
    assert "--version" not in call_make(project, "--dry-run", "-o", ".venv/ready", "cli").stdout


def test_both_layers_have_the_same_verbs(project: Path) -> None:
    assert BOTH | {"demo"} <= list_verbs(ROOT)
    assert BOTH | {"run"} <= list_verbs(project)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_verbs_that_a_page_names_are_there(page: Path, project: Path) -> None:
    named = set(re.findall(r"(?:(?<=`)|(?<=\n))make ([a-z-]+)", page.read_text()))
    assert named <= list_verbs(ROOT) | list_verbs(project)


@pytest.mark.parametrize("verb", OF_THE_DEMO)
def test_a_verb_looks_into_the_demos_project(verb: str, project: Path) -> None:
    done = call_make(ROOT, "--dry-run", verb, f"DEMO={project}")
    assert f" bundlework {verb} " in f"{done.stdout.splitlines()[-1]} "


@pytest.mark.parametrize("verb", [*OF_THE_DEMO, "bench"])
def test_without_a_demo_a_verb_says_what_is_missing(verb: str, tmp_path: Path) -> None:
    done = call_make(ROOT, verb, f"DEMO={tmp_path / 'none'}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "There is no demo yet: make demo"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_bench_calls_a_program_that_is_there(name: str) -> None:
    done = call_make(ROOT, "--dry-run", "bench", f"BENCH={name}")
    program = shlex.split(done.stdout.splitlines()[-1])[-1]
    assert (DEMO / program).resolve().is_file(), program
