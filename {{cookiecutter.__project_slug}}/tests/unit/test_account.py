"""The account says what a person wants to know, and nothing that is not in the tables."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Row

from {{ cookiecutter.__package }}.account import (
    describe_decision,
    describe_ingestion,
    describe_metrics,
    describe_promotion,
)

START, END = dt.datetime(2013, 6, 3), dt.datetime(2013, 7, 1)


def test_rows_are_counted_by_source_and_feature_tables_left_out() -> None:
    counts = {"rows_in": 1_200, "rows_kept": 1_199, "rows_quarantined": 1}
    rows = [Row(table="weather", **counts), Row(table="origin_weather", **counts)]
    (line,) = describe_ingestion(rows)
    assert " ".join(line.split()) == "weather 1,200 rows in, 1,199 kept, 1 quarantined"


def test_a_blocked_version_is_told_with_its_reason() -> None:
    rows = [
        Row(check="auc", metric="auc", model_version=3, passed=True, reason="AUC 0.7"),
        Row(check="decision", metric="", model_version=3, passed=False, reason="evidence: 30 rows"),
    ]
    decision, auc = describe_decision(rows)
    assert decision.endswith("version 3 blocked: evidence: 30 rows")
    assert auc.endswith("auc: AUC 0.7")


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
