"""Checks the performance on rows that no training has seen."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..platform.problem import LABEL
from ..platform.windows import Window
from ..registry.tags import LABEL_RATE
from ..use_case.problem import PROBLEM
from .case import Case, VersionRecord
from .results import CheckResult, Verdict, judge
from .rules import Rules
from .statistics import (
    Estimate,
    estimate_auc,
    estimate_auc_difference,
    estimate_calibration_slope,
    estimate_loss_difference,
)


def check_unseen_data(case: Case) -> Iterator[CheckResult]:
    """The window lies after the training of each compared version, by the delay of labels at least.

    Both the tags of the version and the last row that it was trained on must agree.
    """
    records = [case.record] + ([case.champion] if case.champion else [])
    reasons = [reason for record in records for reason in _find_overlaps(case.window, record)]
    fine = f"{case.window} lies after all training"
    yield CheckResult("unseen_data", judge(not reasons), "; ".join(reasons) or fine)


def _find_overlaps(window: Window, record: VersionRecord) -> Iterator[str]:
    for what, end in (
        ("its training window ends", record.training_end),
        ("its last training row is of", record.last_trained),
    ):
        if end is None:
            yield f"version {record.version} does not say when {what.split(' ', 1)[1]}"
        elif end + PROBLEM.label_delay > window.start:
            least = f"{PROBLEM.label_delay / dt.timedelta(days=1):g} days"
            yield f"version {record.version}: {what} {end:%Y-%m-%d}, less than {least} before"


def check_labelled_rows(case: Case) -> Iterator[CheckResult]:
    """There are enough labelled rows of both classes to judge a version."""
    rules, scheduled = case.rules, case.scheduled
    labelled, events = int(case.rows[LABEL].notna().sum()), int(case.rows[LABEL].sum())
    complete = labelled >= rules.least_labelled * scheduled
    enough = complete and labelled >= rules.least_rows and 0 < events < labelled
    yield CheckResult(
        "labelled_rows",
        Verdict.PASSED if enough else Verdict.INCONCLUSIVE,
        f"{scheduled} {PROBLEM.nouns}, {labelled} with a label, {events} {PROBLEM.event}; needed"
        f" are {rules.least_rows} of both kinds, and a label for {rules.least_labelled:.0%}",
        "rows",
        Estimate(float(labelled), math.nan, math.nan),
        float(rules.least_rows),
    )


def check_auc(case: Case) -> Iterator[CheckResult]:
    """The version is better than chance."""
    auc = estimate_auc(_labels(case.rows), case.scores, _days(case.rows))
    yield _compare("auc", auc, 0.5, f"AUC {describe(auc)}")


def check_calibration(case: Case) -> Iterator[CheckResult]:
    """Probabilities are calibrated: neither too bold nor too timid, and right on average."""
    labels, (least, most) = _labels(case.rows), case.rules.calibration_slope
    slope = estimate_calibration_slope(labels, case.scores, _days(case.rows))
    yield CheckResult(
        "calibration_slope",
        judge(least <= slope.value <= most),
        f"slope {describe(slope)}, between {least:g} and {most:g} is accepted",
        "slope",
        slope,
        least,
    )
    least, most = case.rules.calibration_ratio
    expected = float(case.scores.sum())
    ratio = float(labels.sum()) / expected if expected else math.nan
    yield CheckResult(
        "calibration_ratio",
        judge(least <= ratio <= most),
        f"{labels.sum():.0f} {PROBLEM.event}, {expected:.0f} expected;"
        f" {least:g} to {most:g} is accepted",
        "ratio",
        Estimate(ratio, math.nan, math.nan),
        least,
    )


def check_log_loss_difference(case: Case) -> Iterator[CheckResult]:
    """Probabilities are not worse than the champion's; a first model beats the rate of events."""
    if case.champion_scores is None:
        other, margin = np.full(len(case.rows), case.record.metrics[LABEL_RATE]), 0.0
        beside = "the rate of its training"
    else:
        other, margin = case.champion_scores, case.rules.loss_margin
        beside = "the champion's"
    difference = estimate_loss_difference(_labels(case.rows), case.scores, other, _days(case.rows))
    yield CheckResult(
        "log_loss_difference",
        judge(difference.upper < margin),
        f"log loss {describe(difference)} beside {beside}, less than {margin:g} is accepted",
        "log_loss_difference",
        difference,
        margin,
    )


def check_baselines(case: Case) -> Iterator[CheckResult]:
    """A first model is surely better than the prior rate and each rule of thumb, by the margin."""
    if case.champion is not None:
        return
    labels, days, margin = _labels(case.rows), _days(case.rows), case.rules.baseline_margin
    others: dict[str, np.ndarray] = {"prior_rate": np.zeros(len(labels))}
    for name, feature in PROBLEM.baselines.items():
        values = case.rows[feature].astype(float)
        others[name] = values.fillna(values.mean()).to_numpy()
    for name, other in others.items():
        difference = estimate_auc_difference(labels, case.scores, other, days)
        reason = f"AUC {describe(difference)} above {name.replace('_', ' ')}"
        yield _compare(f"better_than_{name}", difference, margin, reason)


def check_champion(case: Case) -> Iterator[CheckResult]:
    """A challenger is not worse than the champion by the margin; or better, if settings ask so."""
    if case.champion is None or case.champion_scores is None:
        return
    difference = estimate_auc_difference(
        _labels(case.rows), case.scores, case.champion_scores, _days(case.rows)
    )
    beside = f"AUC {describe(difference)} beside champion version {case.champion.version}"
    if np.array_equal(case.scores, case.champion_scores):
        beside = f"scores every row as champion version {case.champion.version} does"
    name, threshold = "not_worse_than_champion", -case.settings.champion_margin
    if case.settings.superiority:
        name, threshold = "better_than_champion", 0.0
    yield _compare(name, difference, threshold, beside)


def check_slices(case: Case) -> Iterator[CheckResult]:
    """No slice is surely worse than the champion's by the margin; each slice's AUC is reported.

    The confidence is corrected for the number of slices (Bonferroni).
    """
    slices = list(_find_slices(case.rows, case.rules))
    judged = max(1, sum(large for _, _, large in slices))
    for name, chosen, large in slices:
        rows, scores = case.rows[chosen], case.scores[chosen]
        labels, days = _labels(rows), _days(rows)
        auc = estimate_auc(labels, scores, days)
        reason = f"AUC {describe(auc)}, {len(rows)} rows"
        yield CheckResult("slice_auc", Verdict.REPORTED, reason, "auc", auc, slice=name)
        if case.champion_scores is not None:
            difference = estimate_auc_difference(
                labels, scores, case.champion_scores[chosen], days, confidence=1 - 0.05 / judged
            )
            yield _judge_slice(name, difference, case.settings.slice_margin, large)


def _find_slices(rows: pd.DataFrame, rules: Rules) -> Iterator[tuple[str, np.ndarray, bool]]:
    for column, names in PROBLEM.name_slices(rows).items():
        for name in sorted(names.dropna().unique()):
            chosen = (names == name).to_numpy()
            labels = _labels(rows)[chosen]
            large = chosen.sum() >= rules.least_slice_rows and np.ptp(labels) > 0
            yield f"{column}={name}", chosen, bool(large)


def _judge_slice(name: str, difference: Estimate, margin: float, large: bool) -> CheckResult:
    unproven = math.isnan(difference.upper) or difference.upper < -margin
    verdict = judge(not unproven) if large else Verdict.REPORTED
    reason = f"AUC {describe(difference)} beside the champion"
    return CheckResult("slice", verdict, reason, "auc_difference", difference, -margin, name)


def _compare(check: str, estimate: Estimate, threshold: float, reason: str) -> CheckResult:
    metric = "auc" if check == "auc" else "auc_difference"
    return CheckResult(
        check, judge(estimate.lower > threshold), reason, metric, estimate, threshold
    )


def _labels(rows: pd.DataFrame) -> np.ndarray:
    return rows[LABEL].to_numpy(dtype=float)


def _days(rows: pd.DataFrame) -> np.ndarray:
    return PROBLEM.name_cluster(rows).to_numpy()


def describe(estimate: Estimate) -> str:
    """Describes the value and its interval, if there is one."""
    if math.isnan(estimate.lower):
        return f"{estimate.value:.3f} (no interval)"
    return f"{estimate.value:.3f} ({estimate.lower:.3f} to {estimate.upper:.3f})"
