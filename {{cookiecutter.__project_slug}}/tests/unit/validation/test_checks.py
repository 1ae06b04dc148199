"""The gate blocks by default, and each check blocks what it is meant for."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from {{ cookiecutter.__package }}.problem import BASELINE_FEATURE, EVENT_TIME, LABEL
from {{ cookiecutter.__package }}.validation.checks import (
    REQUIRED_TAGS,
    check_against_baseline,
    check_against_champion,
    check_evidence,
    check_lineage,
    check_scores,
    check_unseen,
    decide,
    measure_auc,
)
from {{ cookiecutter.__package }}.validation.statistics import (
    estimate_auc,
    estimate_auc_difference,
)
from {{ cookiecutter.__package }}.windows import Window

WINDOW = Window(dt.datetime(2013, 6, 1, tzinfo=dt.UTC), dt.datetime(2013, 6, 29, tzinfo=dt.UTC))


def make_rows(count: int = 4_000) -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(5)
    signal = generator.normal(size=count)
    days = pd.Timestamp(WINDOW.start) + pd.to_timedelta(np.arange(count) % 28, unit="D")
    late = (signal + generator.normal(size=count) > 0.5).astype(float)
    rows = pd.DataFrame({EVENT_TIME: days, LABEL: late})
    rows[BASELINE_FEATURE] = generator.random(count)
    return rows, 1 / (1 + np.exp(-signal))


ROWS, GOOD = make_rows()
NOISE = np.random.default_rng(9).random(len(ROWS))


def test_auc_is_scikit_learns_ties_included() -> None:
    coarse = np.round(GOOD, 1)
    days = ROWS[EVENT_TIME].dt.day.to_numpy()
    auc = estimate_auc(ROWS[LABEL].to_numpy(), coarse, days)
    assert auc.value == pytest.approx(roc_auc_score(ROWS[LABEL], coarse), abs=1e-12)
    assert auc.lower < auc.value < auc.upper


def test_equal_scores_differ_by_exactly_nothing() -> None:
    days = ROWS[EVENT_TIME].dt.day.to_numpy()
    difference = estimate_auc_difference(ROWS[LABEL].to_numpy(), GOOD, GOOD, days)
    assert (difference.value, difference.lower, difference.upper) == (0, 0, 0)


@pytest.mark.parametrize("scores", [NOISE, 1 - GOOD, np.full(len(ROWS), 0.3)])
def test_random_inverted_and_constant_scores_are_blocked(scores: np.ndarray) -> None:
    assert not check_against_baseline(ROWS, scores).passed
    assert not check_against_champion(ROWS, scores, GOOD, 1).passed
    assert not measure_auc(ROWS, scores).passed


def test_a_good_first_model_and_an_equal_challenger_pass() -> None:
    assert check_against_baseline(ROWS, GOOD).passed
    assert check_against_champion(ROWS, GOOD, GOOD, 1).passed
    assert measure_auc(ROWS, GOOD).passed


def test_a_model_no_better_than_the_rule_of_thumb_is_blocked() -> None:
    rows = ROWS.assign(**{BASELINE_FEATURE: GOOD})
    assert not check_against_baseline(rows, GOOD).passed


@pytest.mark.parametrize("score", [float("nan"), -0.1, 1.1])
def test_one_score_that_is_no_probability_blocks(score: float) -> None:
    scores = GOOD.copy()
    scores[7] = score
    assert not check_scores(ROWS, scores).passed


def test_too_few_rows_and_one_class_block() -> None:
    assert check_evidence(ROWS).passed
    assert not check_evidence(ROWS.head(30)).passed
    assert not check_evidence(ROWS.assign(**{LABEL: 1.0})).passed


def test_a_version_trained_into_the_window_is_blocked_by_name() -> None:
    ends = {1: WINDOW.start - dt.timedelta(days=1), 2: WINDOW.start + dt.timedelta(days=3)}
    result = check_unseen(WINDOW, ends)
    assert not result.passed
    assert "version 2" in result.reason
    assert "version 1" not in result.reason


def test_a_version_without_run_metrics_or_windows_is_blocked() -> None:
    tags = dict.fromkeys(REQUIRED_TAGS, "x")
    assert check_lineage("run", {"auc": 0.7}, tags).passed
    assert not check_lineage(None, {"auc": 0.7}, tags).passed
    assert not check_lineage("run", {}, tags).passed
    assert not check_lineage("run", {"auc": 0.7}, {**tags, "training_end": ""}).passed


def test_no_results_are_no_reason_to_promote() -> None:
    assert not decide([]).passed
    good = check_evidence(ROWS)
    assert decide([good]).passed
    assert not decide([good, check_evidence(ROWS.head(3))]).passed
