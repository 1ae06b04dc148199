"""Other files have another digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.registry.artifact import digest_files

BOTH = {"data/a": b"1", "data/b": b"2"}
OTHERS: dict[str, dict[str, bytes]] = {
    "one file holds the name and the content of the other": {"data/a": b"1data/b\x002"},
    "the name of a file is longer, its content shorter": {"data/a1": b"", "data/b": b"2"},
    "the contents are exchanged": {"data/a": b"2", "data/b": b"1"},
    "the file lies in another folder": {"data/a": b"1", "data/c/b": b"2"},
    "a file is missing": {"data/a": b"1"},
}


def write(folder: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return digest_files(folder)


@pytest.mark.parametrize("change", OTHERS)
def test_other_files_have_another_digest(tmp_path: Path, change: str) -> None:
    assert write(tmp_path / "one", BOTH) != write(tmp_path / "other", OTHERS[change])


def test_what_a_registry_adds_changes_nothing(tmp_path: Path) -> None:
    added = {"registered_model_meta": b"of this registry"}
    assert write(tmp_path / "one", BOTH) == write(tmp_path / "other", BOTH | added)
