"""Metrics are the known ones, and their intervals hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_squared_error,
    roc_auc_score,
)

from {{ cookiecutter.__package }}.platform.estimates import Estimate, estimate
from {{ cookiecutter.__package }}.platform.kinds import Binary, Kind, MultiClass, Regression
from {{ cookiecutter.__package }}.platform.metrics import (
    Metric,
    measure_auc,
    measure_linear_slope,
    measure_log_loss,
    measure_logistic_slope,
    measure_macro_auc,
)

CLASSES = MultiClass(("short", "middle", "long"))
KINDS = {"binary": Binary("lost"), "regression": Regression("grams"), "classes": CLASSES}
AUC = Binary.primary


def draw(seed: int, count: int = 2_000, days: int = 28) -> tuple[np.ndarray, ...]:
    """Labels, a good score and days that have something in common."""
    generator = np.random.default_rng(seed)
    day = generator.integers(0, days, count)
    odds = generator.normal(size=count) + generator.normal(size=days)[day]
    labels = (generator.random(count) < 1 / (1 + np.exp(-odds))).astype(float)
    return labels, odds, day


def draw_kind(kind: Kind, seed: int, count: int, days: int = 28) -> tuple[np.ndarray, ...]:
    """Labels, two scores that are equally good in truth and disturbed by day, and days."""
    generator = np.random.default_rng(seed)
    day = generator.integers(0, days, count)
    odds = generator.normal(size=count)
    shift = generator.choice([-0.5, 0.5], days)[day]
    pair = [odds + shift, odds - shift]
    if isinstance(kind, Regression):
        return odds + generator.normal(size=count), *pair, day
    if isinstance(kind, Binary):
        labels = (generator.random(count) < 1 / (1 + np.exp(-odds))).astype(float)
        return labels, *(1 / (1 + np.exp(-values)) for values in pair), day
    truth, *scores = (softmax(np.outer(x, [-2, 0, 2]), axis=1) for x in (odds, *pair))
    return (truth.cumsum(axis=1) < generator.random(count)[:, None]).sum(axis=1), *scores, day


def estimate_gain(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, other: np.ndarray, days: np.ndarray
) -> Estimate:
    return estimate(metric.measure_gain(labels, scores, other), days)


def test_what_is_parted_without_exception_has_a_value_and_no_interval() -> None:
    labels, days = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1, 1, 2, 2])
    perfect, inverted = labels, 1 - labels
    auc = estimate(measure_auc(labels, perfect), days)
    assert (auc.value, math.isnan(auc.lower), math.isnan(auc.upper)) == (1.0, True, True)
    difference = estimate_gain(AUC, labels, inverted, perfect, days)
    assert (difference.value, math.isnan(difference.upper)) == (-1.0, True)
    alike = estimate_gain(AUC, labels, perfect, perfect, days)
    assert (alike.value, alike.lower, alike.upper) == (0.0, 0.0, 0.0)


def test_auc_is_scikit_learns_ties_included() -> None:
    labels, odds, days = draw(1)
    coarse = np.round(odds)
    auc = estimate(measure_auc(labels, coarse), days)
    assert auc.value == pytest.approx(roc_auc_score(labels, coarse), abs=1e-12)
    assert auc.lower < auc.value < auc.upper


def test_the_metrics_of_numbers_and_classes_are_scikit_learns() -> None:
    labels, scores, _, _ = draw_kind(KINDS["regression"], 1, 500)
    measured = KINDS["regression"].measure(labels, scores)
    assert measured["primary"] == pytest.approx(mean_absolute_error(labels, scores))
    assert measured["loss"] == pytest.approx(mean_squared_error(labels, scores))
    labels, scores, _, _ = draw_kind(CLASSES, 1, 500)
    measured = CLASSES.measure(labels, scores)
    expected = roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    assert measured["primary"] == pytest.approx(expected, abs=1e-12)
    assert measured["loss"] == pytest.approx(log_loss(labels, scores))


def test_a_class_that_no_row_has_takes_no_part_in_the_macro_auc() -> None:
    labels, scores, _, _ = draw_kind(CLASSES, 2, 500)
    some = labels != 1
    expected = np.mean([roc_auc_score(labels[some] == k, scores[some, k]) for k in (0, 2)])
    assert measure_macro_auc(labels[some], scores[some]).value == pytest.approx(expected)
    assert math.isnan(measure_macro_auc(np.zeros(9), scores[:9]).value)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("role", ["primary", "loss"])
def test_better_scores_gain_whether_more_or_less_is_better(name: str, role: str) -> None:
    kind = KINDS[name]
    labels, scores, _, days = draw_kind(kind, 3, 2_000)
    metric = getattr(kind, role)
    naive = kind.score_naively(metric, kind.sum_up(labels), len(labels))
    gain = estimate_gain(metric, labels, scores, naive, days)
    loss = estimate_gain(metric, labels, naive, scores, days)
    assert 0 < gain.lower < gain.upper
    assert (loss.value, loss.lower) == pytest.approx((-gain.value, -gain.upper))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("role", ["primary", "loss"])
def test_equal_scores_differ_by_exactly_nothing(name: str, role: str) -> None:
    labels, scores, _, days = draw_kind(KINDS[name], 2, 500)
    gain = estimate_gain(getattr(KINDS[name], role), labels, scores, scores, days)
    assert (gain.value, gain.lower, gain.upper) == (0, 0, 0)


def test_rows_that_belong_together_widen_the_interval() -> None:
    labels, odds, days = draw(3)
    generator = np.random.default_rng(4)
    other = odds + generator.normal(size=28)[days]
    clustered = estimate_gain(AUC, labels, odds, other, days)
    alone = estimate_gain(AUC, labels, odds, other, np.arange(len(labels)))
    assert clustered.reach > 1.5 * alone.reach


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("role", ["primary", "loss"])
def test_the_interval_of_95_percent_holds_the_truth_about_as_often(name: str, role: str) -> None:
    kind, inside = KINDS[name], 0
    metric = getattr(kind, role)
    for seed in range(400):
        found = estimate_gain(metric, *draw_kind(kind, seed, 600))
        inside += found.lower <= 0 <= found.upper
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("labels", [np.zeros(100), np.ones(100)])
def test_one_class_gives_no_number(labels: np.ndarray) -> None:
    odds = np.random.default_rng(1).normal(size=100)
    assert np.isnan(measure_auc(labels, odds).value)
    assert np.isnan(measure_logistic_slope(labels, 1 / (1 + np.exp(-odds))).value)


def test_the_calibration_slope_is_that_of_a_logistic_regression() -> None:
    labels, odds, days = draw(5)
    scores = 1 / (1 + np.exp(-2 * odds))
    slope = estimate(measure_logistic_slope(labels, scores), days)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(2 * odds[:, None], labels)
    assert slope.value == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert slope.lower < 0.5 < slope.upper


def test_the_calibration_slope_of_numbers_is_that_of_a_linear_regression() -> None:
    labels, scores, _, days = draw_kind(KINDS["regression"], 5, 2_000)
    slope = estimate(measure_linear_slope(labels, 2 * scores), days)
    fitted = LinearRegression().fit(2 * scores[:, None], labels)
    assert slope.value == pytest.approx(fitted.coef_[0], abs=1e-9)
    assert slope.lower < slope.value < slope.upper
    assert np.isnan(measure_linear_slope(labels, np.ones(len(labels))).value)


@pytest.mark.parametrize(("scale", "shift"), [(3.0, 0.0), (0.25, 0.0), (1.0, -3.0), (1.0, 3.0)])
def test_the_slope_is_found_however_wrong_the_scores_are(scale: float, shift: float) -> None:
    labels, odds, _ = draw(6)
    scores = 1 / (1 + np.exp(-(scale * odds + shift)))
    plain = measure_logistic_slope(labels, 1 / (1 + np.exp(-odds))).value
    assert measure_logistic_slope(labels, scores).value == pytest.approx(plain / scale, rel=1e-3)


def test_labels_that_scores_tell_apart_entirely_have_no_slope() -> None:
    labels = np.repeat([0.0, 1.0], 50)
    assert np.isnan(measure_logistic_slope(labels, np.linspace(0.01, 0.99, 100)).value)


def test_the_log_loss_is_scikit_learns() -> None:
    labels, odds, _ = draw(7)
    scores = 1 / (1 + np.exp(-odds))
    assert measure_log_loss(labels, scores).value == pytest.approx(log_loss(labels, scores))
