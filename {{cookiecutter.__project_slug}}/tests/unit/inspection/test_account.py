"""The account says what a person wants to know, and nothing that is not in the tables."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Row

from {{ cookiecutter.__package }}.inspection.account import (
    describe_decision,
    describe_ingestion,
    describe_metrics,
    describe_promotion,
)

START, END = dt.datetime(2013, 6, 3), dt.datetime(2013, 7, 1)


def test_rows_are_counted_by_source() -> None:
    counts = {"rows_in": 1_200, "rows_kept": 1_199, "rows_quarantined": 1}
    (line,) = describe_ingestion([Row(source="weather", **counts)])
    assert " ".join(line.split()) == "weather 1,200 rows in, 1,199 kept, 1 quarantined"


def test_a_blocked_version_is_told_with_its_reason() -> None:
    judged = {"model_version": 3, "seconds": 1.0}
    auc = {"check": "auc", "metric": "auc", "verdict": "passed", "reason": "AUC 0.7"}
    few = {
        "check": "decision",
        "metric": "",
        "verdict": "failed",
        "reason": "labelled_rows: 30 rows",
    }
    quick = Row(**{**few, "check": "code"}, slice="", model_version=3, seconds=0.04)
    rows = [Row(slice=part, **auc, **judged) for part in ("", "origin=JFK")]
    told = list(describe_decision([quick, *rows, Row(slice="", **few, **judged)]))
    assert told[0].endswith("version 3 blocked: labelled_rows: 30 rows")
    assert told[1].endswith("auc: AUC 0.7")
    assert told[2].strip() == "3.0 s in checks: auc 2.0, decision 1.0"
    assert len(told) == 3


def test_a_first_champion_has_no_former_one() -> None:
    first = Row(model_version=1, former_version=None)
    second = Row(model_version=2, former_version=1)
    assert [line.split(maxsplit=1)[1] for line in describe_promotion([first, second])] == [
        "version 1",
        "version 2 after version 1",
    ]


def test_performance_that_is_unknown_is_not_told_and_drift_is_named() -> None:
    window = {"window_start": START, "window_end": END, "model_version": 1}
    rows = [
        Row(kind="performance", statistic="auc", value=None, subject="p", alert=False, **window),
        Row(kind="input_drift", statistic="psi", value=9.0, subject="heat", alert=True, **window),
    ]
    (line,) = describe_metrics(rows)
    assert line.strip() == "drift beyond training's own: heat"
