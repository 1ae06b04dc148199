"""What an edit makes new: features that are computed again, and a version that is trained again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from {{ cookiecutter.__package }} import settings
from {{ cookiecutter.__package }}.training import fitting, task

SOURCE = Path(settings.__file__).parent
NONE: set[str] = set()
WEATHER, DELAYS = {"origin_weather"}, {"origin_delays", "carrier_delays"}
ALL = WEATHER | DELAYS
FEATURES, TABLES = "use_case/features", "use_case/tables.py"
# Edit, file, text before, text after, features that are computed again, whether a version is new.
# Features that are computed again have new Delta versions, so a version of them is new as well.
EDITS = [
    # Wording.
    (
        "a comment",
        f"{FEATURES}/delays.py",
        "    # A landing counts",
        "    # It counts",
        NONE,
        False,
    ),
    ("a docstring", f"{FEATURES}/delays.py", '"""Computes a row', '"""Makes a row', NONE, False),
    (
        "an annotation",
        f"{FEATURES}/delays.py",
        "entity: str, window",
        "entity, window",
        NONE,
        False,
    ),
    ("the model card", "use_case/problem.py", " is a help", " is but a help", NONE, False),
    ("a raw column's comment", TABLES, '"inches per hour"', '"inches"', NONE, False),
    ("a feature's comment", TABLES, "their mean arrival", "mean", NONE, False),
    ("a log message of training", "training/task.py", "no version of these", "none", NONE, False),
    # Code and rules that make neither rows nor models.
    ("the account", "inspection/account.py", "accepted: ", "taken: ", NONE, False),
    ("a contract's range", TABLES, "maximum=15)", "maximum=16)", NONE, False),
    (
        "a limit of the gate",
        "validation/rules.py",
        "slowest: float = 5.0",
        "slowest: float = 6.0",
        NONE,
        False,
    ),
    ("how rows are appended", "platform/delta.py", ".insertAll()", "", NONE, False),
    ("a slice", "use_case/problem.py", '18: "evening"', '17: "evening"', NONE, False),
    ("a setting", "settings.py", 'tree: str = "unknown"', 'tree: str = "dirty"', NONE, False),
    ("a source", "use_case/sources.py", "MINUTES = 60", "MINUTES = 30", NONE, False),
    ("the fingerprint", "platform/fingerprint.py", '"eval", ', "", NONE, False),
    # What makes features.
    ("one feature", f"{FEATURES}/origin_weather.py", "INTERVAL 1", "INTERVAL 2", WEATHER, True),
    ("a shared function", f"{FEATURES}/delays.py", "(hours - 1)", "(hours - 2)", DELAYS, True),
    ("a constant of theirs", f"{FEATURES}/delays.py", "(3, 24)", "(6, 24)", DELAYS, True),
    ("an imported constant", f"{FEATURES}/delays.py", "MINUTES = 15", "MINUTES = 20", DELAYS, True),
    (
        "a lookback",
        "use_case/tables.py",
        "=dt.timedelta(hours=1)",
        "=dt.timedelta(2)",
        WEATHER,
        True,
    ),
    ("a column's type", TABLES, '_{h}h", "double"', '_{h}h", "int"', DELAYS, True),
    ("rows of any feature", "features/rows.py", "window.start -", "window.start +", ALL, True),
    ("a window of time", "platform/windows.py", "(column < F", "(column <= F", ALL, True),
    # What makes a model of them.
    ("the model", "use_case/model.py", "SEED = 2013", "SEED = 2014", NONE, True),
    ("the search space", "use_case/model.py", "0.04, 0.12", "0.04, 0.13", NONE, True),
    ("the timetable", "use_case/problem.py", "F.dayofweek", "F.dayofmonth", NONE, True),
    ("the label", "use_case/problem.py", '") > LATE', '") >= LATE', NONE, True),
    ("which outcome counts", "platform/examples.py", "F.desc(known", "F.asc(known", NONE, True),
    ("the name of an event", "use_case/problem.py", 'event="late"', 'event="slow"', NONE, False),
    ("a rule of thumb", "use_case/problem.py", "late_share_24h", "mean_delay_24h", NONE, False),
    (
        "the training window",
        "platform/problem.py",
        "days: int = 365",
        "days: int = 300",
        NONE,
        True,
    ),
    ("the moment of prediction", "use_case/problem.py", '"day", dep', '"hour", dep', NONE, True),
    ("what is cancelled", "use_case/problem.py", 'F.col("cancelled")', "F.lit(False)", NONE, True),
    ("what is known in time", "platform/examples.py", "time = time <", "time = time >", NONE, True),
    ("the horizon", "platform/problem.py", "n_days: int = 1\n", "n_days: int = 0\n", NONE, False),
    ("how inputs are selected", "platform/examples.py", "astype(float)", "astype(int)", NONE, True),
    (
        "the evaluation window",
        "platform/problem.py",
        "n_days: int = 28",
        "n_days: int = 9",
        NONE,
        True,
    ),
    (
        "the age of a look-up",
        TABLES,
        "compute=compute_origin_weather,\n    greatest_age=dt.timedelta(days=3)",
        "compute=compute_origin_weather,\n    greatest_age=dt.timedelta(days=2)",
        NONE,
        True,
    ),
    ("the baseline", "registry/drift.py", "BINS = 10", "BINS = 20", NONE, True),
]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package under a name of its own, to be edited and imported."""
    folder = tmp_path / f"edited_{tmp_path.name}"
    copytree(SOURCE, folder, ignore=ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == folder.name]:
        del sys.modules[name]


def edit(copy: Path, file: str, before: str, after: str) -> None:
    text = (copy / file).read_text(encoding="utf-8")
    assert before in text, f"{file} has no {before!r} to edit"
    (copy / file).write_text(text.replace(before, after, 1), encoding="utf-8")


def identify(package: str) -> Mapping[str, str]:
    """The recipe of each feature table and of the model, by the code of a package."""
    tables = import_module(f"{package}.use_case.tables").FEATURE_TABLES
    rows, training = (
        import_module(f"{package}.{name}") for name in ("features.rows", "training.task")
    )
    recipes = {table.name: rows.identify_recipe(table) for table in tables}
    return {**recipes, "model": training.identify_recipe()}


def find_new(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)}


ORIGINAL = identify(SOURCE.name)


def test_an_unedited_copy_makes_nothing_new(copy: Path) -> None:
    assert identify(copy.name) == ORIGINAL


@pytest.mark.parametrize(
    ("file", "before", "after", "features", "version"),
    [row[1:] for row in EDITS],
    ids=[row[0] for row in EDITS],
)
def test_an_edit_makes_new_what_depends_on_it_and_nothing_else(
    copy: Path, file: str, before: str, after: str, features: set[str], version: bool
) -> None:
    edit(copy, file, before, after)
    new = find_new(ORIGINAL, identify(copy.name))
    assert new - {"model"} == features
    assert bool(new) is version


# Code that can reach anything: then any edit counts.
UNCLEAR = {
    "a star import": ("from ...settings import *", "IDENTIFIER"),
    "an import by a name made at run time": ("import importlib", "importlib"),
    "a name that is bound twice": ("F = F", "F"),
    "an absolute import of the package": ("import {package}.settings as s", "s"),
}


@pytest.mark.parametrize(("statement", "used"), UNCLEAR.values(), ids=UNCLEAR)
def test_where_code_cannot_be_followed_any_edit_counts(
    copy: Path, statement: str, used: str
) -> None:
    file = f"{FEATURES}/origin_weather.py"
    line = "from ...platform.windows import Window\n"
    edit(copy, file, line, f"{line}{statement.format(package=copy.name)}\n")
    edit(copy, file, "    known_at = ", f"    {used}\n    known_at = ")
    cautious = identify(copy.name)
    for name in [name for name in sys.modules if name.split(".")[0] == copy.name]:
        del sys.modules[name]
    edit(copy, "inspection/account.py", "accepted: ", "taken: ")
    assert find_new(cautious, identify(copy.name)) == WEATHER


def test_a_statement_that_runs_on_import_counts(copy: Path) -> None:
    file = f"{FEATURES}/__init__.py"
    (copy / file).write_text((copy / file).read_text() + "\nprint('imported')\n")
    assert find_new(ORIGINAL, identify(copy.name)) == ALL


def test_another_version_of_what_fits_makes_a_new_model_of_the_same_features(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "get_installed_version", lambda name: f"of {name}")
    assert task.identify_recipe() != ORIGINAL["model"]
