"""Checks the performance on rows that no training has seen.

Margins are shares of a gain over the naive scores, which know the labels of the training alone. So
they have no unit, and mean the same for each kind of target.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..platform.estimates import Estimate, estimate
from ..platform.examples import list_slices
from ..platform.kinds import Calibration
from ..platform.metrics import Metric
from ..platform.problem import LABEL
from ..platform.windows import Window
from ..use_case.problem import PROBLEM
from .case import Case, VersionRecord
from .results import CheckResult, Verdict, judge
from .rules import Rules


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
    """Enough of the window's examples have labels, and these can tell good scores from bad ones."""
    labels, least = _read_labels(case), case.rules.least_labelled
    fault = PROBLEM.kind.find_fault(labels) if len(labels) else "no label"
    complete = len(labels) >= least * case.scheduled
    found = f"{case.scheduled} {PROBLEM.nouns}, {len(labels)} with a label"
    counted = f", {PROBLEM.kind.count(labels)}" if len(labels) else ""
    yield CheckResult(
        "labelled_rows",
        Verdict.PASSED if complete and not fault else Verdict.INCONCLUSIVE,
        f"{found}{counted}; {f'{fault}; ' if fault else ''}{least:.0%} must have one",
        "rows",
        Estimate(float(len(labels))),
        least * case.scheduled,
    )


def check_primary(case: Case) -> Iterator[CheckResult]:
    """The version is better than the naive scores; the primary metric is reported."""
    metric = PROBLEM.kind.primary
    found = estimate(metric.measure(_read_labels(case), case.scores), _find_clusters(case))
    said = f"{metric.name} {found}"
    yield CheckResult("primary", Verdict.REPORTED, said, "primary", found)
    gain = _estimate_gain_over_naive(case, metric, case.scores)
    yield _judge_gain("better_than_naive", metric, gain, 0.0, "beside naive scores")


def check_calibration(case: Case) -> Iterator[CheckResult]:
    """Scores are calibrated: neither too bold nor too timid, and right on average."""
    for part in PROBLEM.kind.measure_calibration(_read_labels(case), case.scores):
        yield from _judge_calibration(case, part)


def _judge_calibration(case: Case, part: Calibration) -> Iterator[CheckResult]:
    balance, name = PROBLEM.kind.balance, f"class={part.part}" if part.part else ""
    slope = estimate(part.slope, _find_clusters(case))
    least, most = case.rules.calibration_slope
    reason = f"slope {slope}, between {least:g} and {most:g} is accepted"
    verdict = judge(least <= slope.value <= most)
    yield CheckResult("calibration_slope", verdict, reason, "slope", slope, least, name)
    check = f"calibration_{balance}"
    least, most = getattr(case.rules, check)
    reason = f"{part.said}, {balance} {part.balance:.3g}; {least:g} to {most:g} is accepted"
    verdict = judge(least <= part.balance <= most)
    yield CheckResult(check, verdict, reason, balance, Estimate(part.balance), least, name)


def check_loss(case: Case) -> Iterator[CheckResult]:
    """The loss is not worse than the champion's, or for a first model than that of naive scores."""
    metric = PROBLEM.kind.loss
    yardstick = _estimate_yardstick(case, metric)
    if yardstick is None or case.champion_scores is None:
        gain, margin = _estimate_gain_over_naive(case, metric, case.scores), 0.0
        beside = "beside naive scores"
    else:
        gain = _estimate_gain(case, metric, case.scores, case.champion_scores)
        margin = case.rules.loss_share * yardstick.value
        beside = "beside the champion"
    yield _judge_gain("loss", metric, gain, -margin, beside)


def check_baselines(case: Case) -> Iterator[CheckResult]:
    """A first model is surely better than each rule of thumb, by a share of its own gain.

    A challenger is judged as a first model where the champion is not surely better than naive.
    """
    metric = PROBLEM.kind.primary
    if _estimate_yardstick(case, metric) is not None:
        return
    own = _estimate_gain_over_naive(case, metric, case.scores)
    for name, feature in PROBLEM.baselines.items():
        rule = PROBLEM.kind.score_by_rule(case.rows[feature])
        gain = _estimate_gain(case, metric, case.scores, rule)
        beside = f"beside {name.replace('_', ' ')}"
        least = case.rules.baseline_share * max(0.0, own.value)
        yield _judge_gain(f"better_than_{name}", metric, gain, least, beside)


def check_champion(case: Case) -> Iterator[CheckResult]:
    """A challenger is not worse than the champion by the margin; or better, if settings ask so."""
    if case.champion is None or case.champion_scores is None:
        return
    metric = PROBLEM.kind.primary
    yardstick = _estimate_yardstick(case, metric)
    superiority = case.settings.superiority
    name = "better_than_champion" if superiority else "not_worse_than_champion"
    beside = f"beside champion version {case.champion.version}"
    if yardstick is None:
        reason = f"not asked {beside}, which is not surely better than naive scores"
        yield CheckResult(name, Verdict.REPORTED, reason)
        return
    margin = 0.0 if superiority else case.settings.champion_share * yardstick.value
    gain = _estimate_gain(case, metric, case.scores, case.champion_scores)
    if np.array_equal(case.scores, case.champion_scores):
        beside = f"by scoring every row as champion version {case.champion.version} does"
    yield _judge_gain(name, metric, gain, -margin, beside)


def check_slices(case: Case) -> Iterator[CheckResult]:
    """No slice is surely worse than the champion's by the margin; each slice's metric is reported.

    The confidence is corrected for the number of slices (Bonferroni).
    """
    labels, clusters = _read_labels(case), _find_clusters(case)
    metric = PROBLEM.kind.primary
    yardstick = _estimate_yardstick(case, metric)
    slices = list(_find_slices(case, labels, case.rules))
    judged = max(1, sum(large for _, _, large in slices))
    for name, chosen, large in slices:
        scores, of_slice, days = case.scores[chosen], labels[chosen], clusters[chosen]
        found = estimate(metric.measure(of_slice, scores), days)
        said = f"{metric.name} {found}, {chosen.sum()} rows"
        yield CheckResult("slice_primary", Verdict.REPORTED, said, "primary", found, slice=name)
        if yardstick is not None and case.champion_scores is not None:
            gain = metric.measure_gain(of_slice, scores, case.champion_scores[chosen])
            beside = estimate(gain, days, confidence=1 - 0.05 / judged)
            margin = case.settings.slice_share * yardstick.value
            yield _judge_slice(name, beside, margin, large)


def _find_slices(
    case: Case, labels: np.ndarray, rules: Rules
) -> Iterator[tuple[str, np.ndarray, bool]]:
    for name, chosen in list_slices(PROBLEM, case.rows):
        large = chosen.sum() >= rules.least_slice_rows and np.ptp(labels[chosen]) > 0
        yield name, chosen, bool(large)


def _judge_slice(name: str, gain: Estimate, margin: float, large: bool) -> CheckResult:
    unproven = math.isnan(gain.upper) or gain.upper < -margin
    verdict = judge(not unproven) if large else Verdict.REPORTED
    reason = f"{_describe_gain(PROBLEM.kind.primary, gain)} beside the champion"
    return CheckResult("slice", verdict, reason, "primary_gain", gain, -margin, name)


def _estimate_yardstick(case: Case, metric: Metric) -> Estimate | None:
    """The champion's gain over naive scores; None without a champion that is surely better."""
    if case.champion_scores is None:
        return None
    gain = _estimate_gain_over_naive(case, metric, case.champion_scores)
    return gain if gain.lower > 0 else None


def _estimate_gain_over_naive(case: Case, metric: Metric, scores: np.ndarray) -> Estimate:
    try:
        naive = PROBLEM.kind.score_naively(metric, case.record.metrics, len(case.rows))
    except KeyError as missing:
        raise LookupError(
            f"the run of version {case.record.version} has no metric {missing}, from which naive"
            " scores follow: train the version anew"
        ) from None
    return _estimate_gain(case, metric, scores, naive)


def _estimate_gain(case: Case, metric: Metric, scores: np.ndarray, other: np.ndarray) -> Estimate:
    gain = metric.measure_gain(_read_labels(case), scores, other)
    return estimate(gain, _find_clusters(case))


def _judge_gain(
    check: str, metric: Metric, gain: Estimate, threshold: float, beside: str
) -> CheckResult:
    """Passes a gain that is surely above the threshold, which is the negative margin.

    Inconclusive is an interval on both sides of it that is wider than the margin: there are too few
    rows to tell.
    """
    unsure = not (gain.upper <= threshold or gain.reach <= abs(threshold))
    verdict = Verdict.INCONCLUSIVE if unsure else Verdict.FAILED
    verdict = Verdict.PASSED if gain.lower > threshold else verdict
    told = f", more than {threshold:.3g} is accepted" if threshold else ""
    few = ": too few rows to tell" if verdict is Verdict.INCONCLUSIVE else ""
    role = "primary_gain" if metric is PROBLEM.kind.primary else "loss_gain"
    reason = f"{_describe_gain(metric, gain)} {beside}{told}{few}"
    return CheckResult(check, verdict, reason, role, gain, threshold)


def _describe_gain(metric: Metric, gain: Estimate) -> str:
    return f"{metric.name} better by {gain}"


def _read_labels(case: Case) -> np.ndarray:
    return PROBLEM.kind.encode(case.rows[LABEL])


def _find_clusters(case: Case) -> np.ndarray:
    # Numbers are compared faster than the dates that most clusters are.
    return pd.factorize(PROBLEM.name_cluster(case.rows))[0]
