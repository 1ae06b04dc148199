"""An edit of the use case makes new what depends on it: features, and a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..unit.editing import NONE, Edit, check_edit

WEATHER, DELAYS = {"origin_weather"}, {"origin_delays", "carrier_delays"}
FEATURES, TABLES = "use_case/features", "use_case/tables.py"
EDITS: list[Edit] = [
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
    ("a contract's range", TABLES, "maximum=15)", "maximum=16)", NONE, True),
    ("a slice", "use_case/problem.py", '18: "evening"', '17: "evening"', NONE, False),
    ("a source", "use_case/sources.py", "MINUTES = 60", "MINUTES = 30", NONE, False),
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
    ("the model", "use_case/model.py", "SEED = 2013", "SEED = 2014", NONE, True),
    ("the search space", "use_case/model.py", "0.04, 0.12", "0.04, 0.13", NONE, True),
    ("the timetable", "use_case/problem.py", "local.minute", "local.second", NONE, True),
    ("the label", "use_case/problem.py", '") > LATE', '") >= LATE', NONE, True),
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
    ("the horizon", "platform/problem.py", "n_days: int = 1\n", "n_days: int = 0\n", NONE, False),
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
]


@pytest.mark.parametrize("made", EDITS, ids=[made[0] for made in EDITS])
def test_an_edit_makes_new_what_depends_on_it_and_nothing_else(copy: Path, made: Edit) -> None:
    check_edit(copy, made)
