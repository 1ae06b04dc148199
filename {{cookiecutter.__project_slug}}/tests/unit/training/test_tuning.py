"""Tuning judges on later rows, refuses hopeless data, and repeats itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.platform.kinds import SCORE
from {{ cookiecutter.__package }}.platform.problem import LABEL
from {{ cookiecutter.__package }}.training import tuning
from {{ cookiecutter.__package }}.training.fitting import make_baseline, number_periods
from {{ cookiecutter.__package }}.training.tuning import (
    TrainingError,
    Trial,
    build_pipeline,
    check_rows,
    split_by_time,
    tune,
)
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toys import DAYS, NUMBER, compute_truth, make_rows

# The last days alone are judged, and have enough of these.
ROWS = 1_500 * DAYS // PROBLEM.tuning_days


def test_the_rows_that_judge_come_after_those_that_fit_with_a_gap() -> None:
    older, judged = split_by_time(make_rows())
    times = judged[PROBLEM.event_time]
    assert times.min() - older[PROBLEM.event_time].max() >= PROBLEM.label_delay
    assert times.max() - times.min() <= dt.timedelta(days=PROBLEM.tuning_days)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (make_rows(999), "999 rows to train on: at least 1000"),
        (
            make_rows().assign(**{LABEL: make_rows()[LABEL].iloc[0]}),
            "1500 rows to train on, .*: (one class only|all labels are the same|no label)",
        ),
    ],
)
def test_hopeless_data_is_refused_with_the_numbers(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        check_rows(rows, "to train on")


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[None]:
    former = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tuning")
    yield
    mlflow.set_tracking_uri(former)


def test_tuning_repeats_itself_and_its_predictions_are_of_rows_not_fitted_on(
    tracking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "ROUNDS", 1)
    rows = make_rows(ROWS)
    with mlflow.start_run():
        best, again = tune(rows), tune(rows)
    assert best.parameters == again.parameters
    assert np.array_equal(best.scores, again.scores)
    older, judged = split_by_time(rows)
    pipeline = build_pipeline(best.parameters).fit(older, PROBLEM.kind.encode(older[LABEL]))
    expected = PROBLEM.kind.predict(pipeline, judged)
    assert np.array_equal(best.scores, expected)
    baseline = make_baseline(rows, best, window_days=28)
    assert sum(baseline[SCORE]["counts"]) == len(judged)
    assert sum(baseline[NUMBER]["counts"]) == len(rows)


def test_thresholds_are_the_variation_of_stretches_as_long_as_the_windows() -> None:
    rows = make_rows(ROWS)
    weekly = np.sin(2 * np.pi * np.arange(len(rows)) / len(rows) * 100 / 7)
    odds = ((rows[NUMBER] - rows[NUMBER].mean()) / rows[NUMBER].std() + 5 * weekly).to_numpy()
    rows[NUMBER] = odds
    judged = split_by_time(rows)[1]
    best = Trial({}, judged, compute_truth(PROBLEM.kind, judged[NUMBER].to_numpy()), {})
    daily, monthly = (make_baseline(rows, best, window_days=days) for days in (1, 28))
    for column in (NUMBER, SCORE):
        assert daily[column]["threshold"] > monthly[column]["threshold"]


def test_an_incomplete_stretch_is_no_period() -> None:
    times = pd.Series(pd.date_range("2013-01-01", periods=20, freq="D"))
    periods = number_periods(times, days=7)
    assert periods.value_counts().to_dict() == {0.0: 7, 1.0: 7}
    assert periods.isna().sum() == 6
