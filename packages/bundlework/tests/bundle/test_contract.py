"""A project declares its roles; a wrong declaration is named with its line."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from bundlework.bundle.contract import Contract, read_contract
from bundlework.bundle.validate import find_faults, list_skipped
from bundlework.errors import Refusal

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"
BUNDLE = "bundle: {name: other}\ntargets: {only: {}}\n"


def declare(root: Path, text: str) -> Contract:
    (root / "pyproject.toml").write_text(f'[project]\nname = "other"\n\n{text}')
    return read_contract(root)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[tool.bundlework]\ncolour = 1\n", r":5: tool.bundlework.colour: unknown role: there are"),
        (
            '[tool.bundlework.jobs]\ndefault = "a"\nroll = "b"\n',
            r":6: tool.bundlework.jobs.roll: unknown role: there are default, lifecycle",
        ),
        (
            "[tool.bundlework.jobs]\nrollback = 3\n",
            r":5: tool.bundlework.jobs.rollback: 3 is refused: write a text",
        ),
        (
            '[tool.bundlework]\ntrained_by = "src"\n',
            r":5: tool.bundlework.trained_by: 'src' is refused: write a list of texts",
        ),
        (
            "[tool.bundlework.settings]\nwork = 1\n",
            r":4: tool.bundlework.settings: \{'work': 1\} is refused: write a table of texts",
        ),
        (
            "[tool]\nbundlework = 1\n",
            r"tool.bundlework: 1 is not a table: write \[tool.bundlework\]",
        ),
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(Refusal, match=fault):
        declare(tmp_path, text)


def test_a_role_that_is_needed_and_missing_is_named(tmp_path: Path) -> None:
    contract = declare(tmp_path, '[tool.bundlework.jobs]\ndefault = "main"\n')
    assert contract.need("jobs.default") == "main"
    with pytest.raises(Refusal, match=r"tool\.bundlework\.jobs\.rollback is not declared"):
        contract.need("jobs.rollback")


def test_a_bundle_that_declares_nothing_is_checked_as_far_as_that_goes(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    assert find_faults(tmp_path) == []
    skipped = list(list_skipped(tmp_path))
    assert any("tool.bundlework.variables.catalog is not declared" in line for line in skipped)
    assert not any("find" in line for line in skipped)


def list_roles(kind: type = Contract) -> list[str]:
    named = []
    for each in fields(kind):
        value = each.default
        named += list_roles(type(value)) if is_dataclass(value) else [each.name]
    return named


@pytest.mark.parametrize("role", sorted({*list_roles()}))
def test_the_page_describes_every_role(role: str) -> None:
    assert f"`{role}`" in PAGE.read_text()
