"""Each planted fault is found, with its file, line and path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from delivery.validate import find_faults
from planted_faults import FAULTS
from rendered import COMPUTES, copy_project, edit

PLACE = re.compile(r"[\w./-]+\.(yml|json|toml):\d+: ")


@pytest.fixture(autouse=True)
def developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "me@example.com")


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(tmp_path: Path, name: str) -> None:
    (file, old, new), said = FAULTS[name]
    project = copy_project(tmp_path)
    edit(project, file, old, new)
    faults = find_faults(project)
    found = [fault for fault in faults if re.search(said, fault)]
    assert found, "\n".join(faults) or "no fault found"
    for fault in faults:
        place = PLACE.match(fault)
        assert place, fault
        assert (project / place[0].split(":")[0]).exists(), fault


def test_variables_from_a_file_beside_the_bundle_are_refused(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    folder = project / ".databricks/bundle/dev"
    folder.mkdir(parents=True)
    (folder / "variable-overrides.json").write_text('{"catalog": "prod"}')
    (fault,) = find_faults(project)
    assert "variable-overrides.json: not supported: set variables in the YAML" in fault


@pytest.mark.parametrize("compute", COMPUTES)
def test_the_bundle_is_sound(tmp_path: Path, compute: str) -> None:
    assert find_faults(copy_project(tmp_path, compute)) == []
