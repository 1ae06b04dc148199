"""Each planted fault is found, with its file, line and path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from planted_faults import FAULTS
from rendered import COMPUTES, copy_project, edit

from bundlework.bundle.validate import find_faults

FAULT = re.compile(r"([\w./-]+\.(?:yml|json|toml)):(\d+): (?:[\w.-]+: )?(.*)")
# What to do, or what there is to choose from.
ADVICE = re.compile(
    r"(?:^|[:;] )(?:add|begin|correct|declare|give|let|move|name|pass|put|refer|remove|say|set|use"
    r"|write)\b|: there are |needs one of "
)
# How far from an edit the nearest line is that can be named, where it is not of a block around it.
NEAR = 5
# A variable without a value is named where it is declared, a job's parameter where it arrives.
NAMED_ELSEWHERE = {
    "variable without a value",
    "job parameter that the entry point does not take",
}


@pytest.fixture(autouse=True)
def developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "me@example.com")


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(tmp_path: Path, name: str) -> None:
    (file, old, new), said = FAULTS[name]
    project = copy_project(tmp_path)
    edited = list_edited((project / file).read_text(), old, new)
    edit(project, file, old, new)
    faults = find_faults(project)
    found = [fault for fault in faults if re.search(said, fault)]
    assert found, "\n".join(faults) or "no fault found"
    for fault in faults:
        place = FAULT.fullmatch(fault)
        assert place, fault
        assert (project / place[1]).exists(), fault
        assert ADVICE.search(place[3]), fault
    lines = [int(place[2]) for each in found if (place := FAULT.fullmatch(each))[1] == file]
    if name not in NAMED_ELSEWHERE:
        assert not lines or {*lines} & edited, f"{found}: {sorted(edited)}"


def list_edited(text: str, old: str, new: str) -> set[int]:
    """The lines that an edit replaces, those near it, and where the blocks around it begin."""
    first = text[: text.index(old)].count("\n") + 1
    last = first + new.count("\n")
    edited = set(range(first - NEAR, last + NEAR + 1))
    lines = text.splitlines()
    depth = measure_depth(lines[first - 1])
    for number in range(first - 1, 0, -1):
        outer = measure_depth(lines[number - 1])
        if 0 < outer < depth:
            depth = outer
            edited.add(number)
    return edited


def measure_depth(line: str) -> int:
    """By how much a line is indented; an empty one is outside of nothing."""
    return len(line) - len(line.lstrip())


def test_variables_from_a_file_beside_the_bundle_are_refused(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    folder = project / ".databricks/bundle/dev"
    folder.mkdir(parents=True)
    (folder / "variable-overrides.json").write_text('{"catalog": "prod"}')
    faults = find_faults(project)
    assert "variable-overrides.json:1: not supported: set variables in the YAML" in faults[0]


@pytest.mark.parametrize("compute", COMPUTES)
def test_the_bundle_is_sound(tmp_path: Path, compute: str) -> None:
    assert find_faults(copy_project(tmp_path, compute)) == []
