"""Metrics are the known ones, and their intervals hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from {{ cookiecutter.__package }}.validation.statistics import (
    estimate_auc,
    estimate_auc_difference,
    estimate_calibration_slope,
    estimate_loss_difference,
)


def draw(seed: int, count: int = 2_000, days: int = 28) -> tuple[np.ndarray, ...]:
    """Labels, a good score and days that have something in common."""
    generator = np.random.default_rng(seed)
    day = generator.integers(0, days, count)
    odds = generator.normal(size=count) + generator.normal(size=days)[day]
    labels = (generator.random(count) < 1 / (1 + np.exp(-odds))).astype(float)
    return labels, odds, day


def test_what_is_parted_without_exception_has_a_value_and_no_interval() -> None:
    labels, days = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1, 1, 2, 2])
    perfect, inverted = labels, 1 - labels
    auc = estimate_auc(labels, perfect, days)
    assert (auc.value, math.isnan(auc.lower), math.isnan(auc.upper)) == (1.0, True, True)
    difference = estimate_auc_difference(labels, inverted, perfect, days)
    assert (difference.value, math.isnan(difference.upper)) == (-1.0, True)
    alike = estimate_auc_difference(labels, perfect, perfect, days)
    assert (alike.value, alike.lower, alike.upper) == (0.0, 0.0, 0.0)


def test_auc_is_scikit_learns_ties_included() -> None:
    labels, odds, days = draw(1)
    coarse = np.round(odds)
    auc = estimate_auc(labels, coarse, days)
    assert auc.value == pytest.approx(roc_auc_score(labels, coarse), abs=1e-12)
    assert auc.lower < auc.value < auc.upper


def test_equal_scores_differ_by_exactly_nothing() -> None:
    labels, odds, days = draw(2)
    difference = estimate_auc_difference(labels, odds, odds, days)
    assert (difference.value, difference.lower, difference.upper) == (0, 0, 0)


def test_rows_that_belong_together_widen_the_interval() -> None:
    labels, odds, days = draw(3)
    generator = np.random.default_rng(4)
    other = odds + generator.normal(size=28)[days]
    clustered = estimate_auc_difference(labels, odds, other, days)
    alone = estimate_auc_difference(labels, odds, other, np.arange(len(labels)))
    assert clustered.upper - clustered.lower > 1.5 * (alone.upper - alone.lower)


def test_the_interval_of_95_percent_holds_the_truth_about_as_often() -> None:
    # Two scores that are equally good in truth, and disturbed by day.
    inside = 0
    for seed in range(400):
        labels, odds, days = draw(seed, 1_000)
        generator = np.random.default_rng(10_000 + seed)
        first, second = (odds + generator.normal(size=28)[days] for _ in range(2))
        difference = estimate_auc_difference(labels, first, second, days)
        inside += difference.lower <= 0 <= difference.upper
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("labels", [np.zeros(100), np.ones(100)])
def test_one_class_gives_no_number(labels: np.ndarray) -> None:
    odds, days = np.random.default_rng(1).normal(size=100), np.arange(100) % 7
    assert np.isnan(estimate_auc(labels, odds, days).value)
    assert np.isnan(estimate_calibration_slope(labels, 1 / (1 + np.exp(-odds)), days).value)


def test_the_calibration_slope_is_that_of_a_logistic_regression() -> None:
    labels, odds, days = draw(5)
    scores = 1 / (1 + np.exp(-2 * odds))
    slope = estimate_calibration_slope(labels, scores, days)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(2 * odds[:, None], labels)
    assert slope.value == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert slope.lower < 0.5 < slope.upper


@pytest.mark.parametrize(("scale", "shift"), [(3.0, 0.0), (0.25, 0.0), (1.0, -3.0), (1.0, 3.0)])
def test_the_slope_is_found_however_wrong_the_scores_are(scale: float, shift: float) -> None:
    labels, odds, days = draw(6)
    scores = 1 / (1 + np.exp(-(scale * odds + shift)))
    plain = estimate_calibration_slope(labels, 1 / (1 + np.exp(-odds)), days).value
    slope = estimate_calibration_slope(labels, scores, days).value
    assert slope == pytest.approx(plain / scale, rel=1e-3)


def test_labels_that_scores_tell_apart_entirely_have_no_slope() -> None:
    labels = np.repeat([0.0, 1.0], 50)
    scores = np.linspace(0.01, 0.99, 100)
    assert np.isnan(estimate_calibration_slope(labels, scores, np.arange(100) % 7).value)


def test_the_loss_is_scikit_learns_and_its_interval_holds_the_truth_about_as_often() -> None:
    labels, odds, days = draw(7)
    scores, flat = 1 / (1 + np.exp(-odds)), np.full(len(odds), 0.5)
    difference = estimate_loss_difference(labels, scores, flat, days)
    assert difference.value == pytest.approx(log_loss(labels, scores) - np.log(2))
    inside = 0
    for seed in range(400):
        labels, odds, days = draw(seed, 1_000)
        shift = np.random.default_rng(20_000 + seed).choice([-1, 1], 28)[days]
        first, second = (1 / (1 + np.exp(-odds - sign * shift)) for sign in (0.5, -0.5))
        found = estimate_loss_difference(labels, first, second, days)
        inside += found.lower <= 0 <= found.upper
    assert 0.92 <= inside / 400 <= 0.98
