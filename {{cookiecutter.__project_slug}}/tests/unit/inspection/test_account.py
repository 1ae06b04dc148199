"""The account says what a person wants to know, and nothing that is not in the tables."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from types import SimpleNamespace

from pyspark.sql import Row, SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inspection.account import (
    describe_decision,
    describe_ingestion,
    describe_metrics,
    describe_predictions,
    describe_promotion,
    describe_quarantine,
    describe_sinks,
    describe_stream,
    describe_top,
    describe_unscored,
    print_account,
)
from {{ cookiecutter.__package }}.platform.kinds import PREDICTED, SCORE
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS

START, END = dt.datetime(2013, 6, 3), dt.datetime(2013, 7, 1)


def test_rows_are_counted_by_source() -> None:
    counts = {"rows_in": 1_200, "rows_kept": 1_199, "rows_quarantined": 1}
    (line,) = describe_ingestion([Row(source="weather", **counts)])
    assert " ".join(line.split()) == "weather 1,200 rows in, 1,199 kept, 1 quarantined"


def test_a_blocked_version_is_told_with_its_reason() -> None:
    judged = {"model_version": 3, "seconds": 1.0}
    auc = {"check": "loss", "metric": "primary", "verdict": "passed", "reason": "AUC 0.7"}
    few = {"metric": "", "verdict": "inconclusive", "reason": "30 rows"}
    poor = {"metric": "", "verdict": "failed", "reason": "AUC -0.1"}
    decision = {"check": "decision", "metric": "", "verdict": "failed", "reason": "both"}
    quick = Row(check="labelled_rows", **few, slice="", model_version=3, seconds=0.04)
    rows = [Row(slice=part, **auc, **judged) for part in ("", "part=a")]
    rows += [quick, Row(check="slice", slice="part=b", **poor, **judged)]
    told = list(describe_decision([*rows, Row(slice="", **decision, **judged)]))
    assert [line.strip() for line in told] == [
        "gate         version 3 blocked by",
        "labelled_rows: 30 rows",
        "slice part=b: AUC -0.1",
        "loss: AUC 0.7",
        "4.0 s in checks: loss 2.0, slice 1.0, decision 1.0",
    ]


def test_the_reasons_of_quarantine_are_counted_the_most_frequent_first() -> None:
    rows = [Row(source="sales", reason=f"x: above {n}", rows=n) for n in range(1, 9)]
    told = [" ".join(line.split()) for line in describe_quarantine(rows)]
    assert told[0] == "8 of sales: x: above 8"
    assert told[-1] == "6 for other reasons: make show TABLE=quarantine"
    assert len(told) == 6
    assert list(describe_quarantine(rows[:2]))[-1].endswith("1 of sales: x: above 1")


def test_a_first_champion_has_no_former_one() -> None:
    first = Row(model_version=1, former_version=None)
    second = Row(model_version=2, former_version=1)
    assert [line.split(maxsplit=1)[1] for line in describe_promotion([first, second])] == [
        "version 1",
        "version 2 after version 1",
    ]


def test_predictions_are_told_by_when_they_were_made_and_the_first_by_name() -> None:
    counts = [
        Row(model_version=2, is_in_time=timely, rows=rows, mean=0.25)
        for timely, rows in ((False, 1_000), (True, 30))
    ]
    told = [" ".join(line.split()) for line in describe_predictions(counts)]
    mean = PROBLEM.kind.describe_mean(0.25)
    assert told == [
        f"predictions 30 {PROBLEM.nouns} scored before their events by version 2, {mean}",
        f"predictions 1,000 {PROBLEM.nouns} scored afterwards by version 2, {mean}",
    ]
    scores = {"a": {SCORE: 0.5, PREDICTED: "less"}, "b": {SCORE: 0.75, PREDICTED: "more"}}
    rows = [
        Row(**{**dict.fromkeys(PROBLEM.key, name), PROBLEM.event_time: START, **told})
        for name, told in scores.items()
    ]
    first, second = (" ".join(line.split()) for line in describe_top(rows))
    key = ", ".join("b" for name in PROBLEM.key if name != PROBLEM.event_time)
    said = [PROBLEM.kind.describe(scores[name]) for name in ("b", "a")]
    assert first == f"{PROBLEM.kind.top} {said[0]}: {key}, 2013-06-03 00:00 UTC"
    assert second.startswith(said[1])


def test_what_could_not_be_scored_is_told_with_the_reasons() -> None:
    rows = [Row(reason=f"x: rule {n}", rows=n) for n in range(1, 12)]
    told = [" ".join(line.split()) for line in describe_unscored(rows)]
    assert told == [
        *(f"unscored {n} {PROBLEM.nouns}: x: rule {n}" for n in (11, 10, 9, 8, 7)),
        "unscored 21 for other reasons: make show TABLE=predictions",
    ]


def test_what_a_stream_scored_is_told_and_by_whom() -> None:
    of_batch = {"arrived": 1_025, "ahead": 993, "as_of": START.date(), "written_at": END}
    rows = [Row(number=n, model_version=v, **of_batch) for n, v in ((0, None), (1, 2))]
    before, after = (" ".join(line.split()) for line in describe_stream(rows))
    told = f"1,025 rows arrived, 993 {PROBLEM.nouns} ahead of their"
    assert before == f"stream micro-batch 0: {told} prediction; there was no champion yet"
    assert after == f"stream micro-batch 1: {told} prediction, scored by version 2"


def test_what_sinks_were_handed_is_told_and_what_was_cut_short() -> None:
    batches = [("a", 1, "begun", None), ("a", 1, "done", 1850), ("b", 3, "begun", None)]
    rows = [Row(sink=s, number=n, state=state, rows=rows) for s, n, state, rows in batches]
    assert [" ".join(line.split()) for line in describe_sinks(rows)] == [
        f"sinks a, batch 1: 1,850 {PROBLEM.nouns}",
        "sinks b, batch 3: cut short",
    ]


def test_performance_is_told_with_the_number_of_labels_and_when_predictions_were_made() -> None:
    window = {"window_start": START, "window_end": END, "model_version": 1, "subject": "in time"}
    performance = {"kind": "performance", "alert": False, **window}
    rows = [
        Row(statistic="primary", value=0.7, **performance),
        Row(statistic="labels", value=900.0, **performance),
    ]
    first, _ = describe_metrics(rows)
    assert " ".join(first.split()) == (
        f"monitoring {PROBLEM.kind.primary.name} 0.700 for 2013-06-03 to 2013-07-01, version 1,"
        f" 900 {PROBLEM.nouns} in time"
    )


def test_examples_without_features_are_told() -> None:
    told = {"kind": "volume", "statistic": "without_features", "alert": False}
    place = {"window_start": START, "model_version": 1}
    rows = [Row(subject=name, value=n, **told, **place) for name, n in (("a", 0.0), ("b", 12.0))]
    first, last = describe_metrics(rows)
    assert " ".join(first.split()) == f"12 {PROBLEM.nouns} without features of b"
    assert last.endswith("none")


def test_performance_that_is_unknown_is_not_told_and_drift_is_named() -> None:
    window = {"window_start": START, "window_end": END, "model_version": 1}
    rows = [
        Row(
            kind="performance", statistic="primary", value=None, subject="p", alert=False, **window
        ),
        Row(kind="input_drift", statistic="psi", value=9.0, subject="heat", alert=True, **window),
    ]
    (line,) = describe_metrics(rows)
    assert line.strip() == "drift beyond training's own: heat"


def test_over_tables_of_a_former_release_a_line_says_what_to_do(lakehouse: SparkSession) -> None:
    older = tuple(column for column in PREDICTIONS.columns if column.name != SCORE)
    settings, said = Settings.from_arguments(ARGUMENTS), list[str]()
    create_table(lakehouse, replace(PREDICTIONS, columns=older), settings)
    parameters = dict(argument.removeprefix("--").split("=") for argument in ARGUMENTS)
    print_account(SimpleNamespace(spark=lakehouse), parameters, said.append)
    lakehouse.sql(f"DROP TABLE {PREDICTIONS.full_name(settings)}")
    (line,) = said
    assert re.search("No account of the tables: (.|\\n)*score(.|\\n)*run that job first", line)
