"""An edit of the machinery makes new what depends on it; `tests/use_case/` edits the use case."""

from __future__ import annotations

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.training import fitting, task

from ..editing import (
    ALL,
    NONE,
    ORIGINAL,
    Edit,
    check_edit,
    edit,
    find_new,
    forget,
    identify,
)

EDITS: list[Edit] = [
    ("a log message of training", "training/task.py", "no version of these", "none", NONE, False),
    ("the account", "inspection/account.py", "accepted: ", "taken: ", NONE, False),
    (
        "a limit of the gate",
        "validation/rules.py",
        "slowest: float = 5.0",
        "slowest: float = 6.0",
        NONE,
        False,
    ),
    ("how rows are appended", "platform/delta.py", ".insertAll()", "", NONE, False),
    ("a setting", "settings.py", 'tree: str = "unknown"', 'tree: str = "dirty"', NONE, False),
    ("the fingerprint", "platform/fingerprint.py", '"eval", ', "", NONE, False),
    ("rows of any feature", "features/rows.py", "window.start -", "window.start +", ALL, True),
    ("a window of time", "platform/windows.py", "(column < F", "(column <= F", ALL, True),
    ("which outcome counts", "platform/examples.py", "F.desc(known", "F.asc(known", NONE, True),
    ("what is known in time", "platform/examples.py", "time = time <", "time = time >", NONE, True),
    ("how inputs are read", "platform/first_step.py", "astype(float)", "astype(int)", NONE, True),
    ("the baseline", "registry/drift.py", "BINS = 10", "BINS = 20", NONE, True),
    ("a metric", "platform/metrics.py", "/ len(losses)", "/ (len(losses) + 1)", NONE, True),
    (
        "words of a kind",
        "platform/kinds/base.py",
        '"""Scores rows by',
        '"""It scores rows by',
        NONE,
        False,
    ),
]


def test_an_unedited_copy_makes_nothing_new(copy: Path) -> None:
    assert identify(copy.name) == ORIGINAL


@pytest.mark.parametrize("made", EDITS, ids=[made[0] for made in EDITS])
def test_an_edit_makes_new_what_depends_on_it_and_nothing_else(copy: Path, made: Edit) -> None:
    check_edit(copy, made)


# Code that can reach anything: then any edit counts.
UNCLEAR = {
    "a star import": ("from ..settings import *", "IDENTIFIER"),
    "an import by a name made at run time": ("import importlib", "importlib"),
    "a name that is bound twice": ("compute_rows = compute_rows", "compute_rows"),
    "an absolute import of the package": ("import {package}.settings as s", "s"),
}


@pytest.mark.parametrize(("statement", "used"), UNCLEAR.values(), ids=UNCLEAR)
def test_where_code_cannot_be_followed_any_edit_counts(
    copy: Path, statement: str, used: str
) -> None:
    file = "features/rows.py"
    line = "\n\ndef identify_recipe("
    edit(copy, file, line, f"\n\n{statement.format(package=copy.name)}\n{line}")
    edit(copy, file, "    known = Window", f"    {used}\n    known = Window")
    cautious = identify(copy.name)
    forget(copy.name)
    edit(copy, "inspection/account.py", "accepted: ", "taken: ")
    assert find_new(cautious, identify(copy.name)) == ALL


def test_a_statement_that_runs_on_import_counts(copy: Path) -> None:
    file = copy / "features/__init__.py"
    file.write_text(file.read_text() + "\nprint('imported')\n")
    assert find_new(ORIGINAL, identify(copy.name)) >= ALL


def test_another_version_of_what_fits_makes_a_new_model_of_the_same_features(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "get_installed_version", lambda name: f"of {name}")
    assert task.identify_recipe() != ORIGINAL["model"]
