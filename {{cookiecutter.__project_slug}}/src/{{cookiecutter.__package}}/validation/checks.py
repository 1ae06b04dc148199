"""The checks: pure functions from evidence to a result; whatever is not proven does not pass."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..problem import BASELINE_FEATURE, EVENT_TIME, LABEL
from ..windows import Window
from .statistics import Estimate, estimate_auc, estimate_auc_difference

LEAST_ROWS = 2_000
# How much better than the rule of thumb a first model must be, and how much worse than the
# champion a challenger may be, in AUC.
BASELINE_MARGIN = 0.02
CHAMPION_MARGIN = 0.01

REQUIRED_TAGS = ("as_of", "code_digest", "table_versions", "training_end", "evaluation_start")


@dataclass(frozen=True)
class CheckResult:
    """A check's verdict with its numbers; NaN or None where there is none."""

    check: str
    passed: bool
    reason: str
    metric: str = ""
    estimate: Estimate | None = None
    threshold: float | None = None


def check_lineage(
    run_id: str | None, metrics: Mapping[str, float], tags: Mapping[str, str]
) -> CheckResult:
    """The version has its run, metrics and the facts that identify its training."""
    missing = [tag for tag in REQUIRED_TAGS if not tags.get(tag)]
    missing += [] if run_id else ["run"]
    missing += [] if metrics else ["metrics"]
    reason = f"missing: {', '.join(missing)}" if missing else "run, metrics and data are recorded"
    return CheckResult("lineage", not missing, reason)


def check_unseen(window: Window, training_ends: Mapping[int, dt.datetime]) -> CheckResult:
    """The evaluation window begins after the training of every version compared has ended."""
    late = {v: end for v, end in training_ends.items() if end >= window.start}
    reason = "; ".join(f"version {v} was trained until {end:%Y-%m-%d}" for v, end in late.items())
    return CheckResult("unseen_data", not late, reason or f"{window} lies after all training")


def check_evidence(rows: pd.DataFrame) -> CheckResult:
    """There are enough labelled rows of both classes."""
    late = int(rows[LABEL].sum())
    enough = len(rows) >= LEAST_ROWS and 0 < late < len(rows)
    reason = f"{len(rows)} labelled rows, {late} of them late; {LEAST_ROWS} of both are needed"
    return CheckResult(
        "evidence",
        enough,
        reason,
        "rows",
        Estimate(float(len(rows)), math.nan, math.nan),
        float(LEAST_ROWS),
    )


def check_scores(rows: pd.DataFrame, scores: np.ndarray) -> CheckResult:
    """Every row got a probability."""
    wrong = int((~((scores >= 0) & (scores <= 1))).sum())
    reason = f"{wrong} of {len(rows)} scores are not probabilities"
    return CheckResult("scores", wrong == 0 and len(scores) == len(rows), reason)


def check_against_baseline(rows: pd.DataFrame, scores: np.ndarray) -> CheckResult:
    """A first model beats the rule of thumb by the margin, with 97.5 % confidence."""
    rule = rows[BASELINE_FEATURE].astype(float).fillna(rows[BASELINE_FEATURE].mean()).to_numpy()
    difference = _compare(rows, scores, rule)
    return CheckResult(
        "better_than_baseline",
        difference.lower > BASELINE_MARGIN,
        f"AUC {_describe(difference)} above the rule '{BASELINE_FEATURE}'",
        "auc_difference",
        difference,
        BASELINE_MARGIN,
    )


def check_against_champion(
    rows: pd.DataFrame, scores: np.ndarray, champion: np.ndarray, version: int
) -> CheckResult:
    """A challenger is not worse than the champion by the margin, with 97.5 % confidence."""
    difference = _compare(rows, scores, champion)
    return CheckResult(
        "not_worse_than_champion",
        difference.lower > -CHAMPION_MARGIN,
        f"AUC {_describe(difference)} beside champion version {version}",
        "auc_difference",
        difference,
        -CHAMPION_MARGIN,
    )


def measure_auc(rows: pd.DataFrame, scores: np.ndarray) -> CheckResult:
    """The challenger's AUC; it passes when it is better than chance."""
    auc = estimate_auc(rows[LABEL].to_numpy(), scores, _days(rows))
    return CheckResult("auc", auc.lower > 0.5, f"AUC {_describe(auc)}", "auc", auc, 0.5)


def decide(results: list[CheckResult]) -> CheckResult:
    """Passes when there are results and all of them passed."""
    failed = [result for result in results if not result.passed]
    reason = "; ".join(f"{r.check}: {r.reason}" for r in failed) or "every check passed"
    return CheckResult("decision", bool(results) and not failed, reason)


def _compare(rows: pd.DataFrame, scores: np.ndarray, other: np.ndarray) -> Estimate:
    return estimate_auc_difference(rows[LABEL].to_numpy(), scores, other, _days(rows))


def _days(rows: pd.DataFrame) -> np.ndarray:
    return rows[EVENT_TIME].dt.floor("D").to_numpy()


def _describe(e: Estimate) -> str:
    return f"{e.value:.3f} ({e.lower:.3f} to {e.upper:.3f})"
