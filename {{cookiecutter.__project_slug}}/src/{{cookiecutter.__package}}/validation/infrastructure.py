"""Checks that a version can be used: it scores every row, alike everywhere, and fast enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from ..platform.estimates import Estimate
from ..registry.loading import ScoringModel
from ..registry.predicting import score
from ..use_case.problem import PROBLEM
from .case import COMPARED_ROWS, Case
from .memory import measure_memory
from .results import CheckResult, Verdict, judge

EXTREME = 1e12
MEASURED_ROWS = 5_000
REPEATS = 3


def check_scores(case: Case) -> Iterator[CheckResult]:
    """Every row got a score that can be one."""
    wrong, rows = _count_wrong(case.scores), len(case.rows)
    complete = 0 < rows == len(case.scores)
    faulty = f"{wrong} of {rows} scores are not {PROBLEM.kind.scores_are}"
    reason = faulty if wrong else f"all {rows} scores are {PROBLEM.kind.scores_are}"
    yield CheckResult("scores", judge(complete and not wrong), reason)


def check_edge_rows(case: Case) -> Iterator[CheckResult]:
    """The version scores rows that are rare or impossible, too."""
    faults = []
    for name, rows in make_edges(case.rows, case.model.inputs).items():
        scores = score(case.model, rows)
        if len(scores) != len(rows) or _count_wrong(scores):
            wrong = f"{_count_wrong(scores)} of {len(rows)}"
            faults.append(f"{name}: {wrong} are not {PROBLEM.kind.scores_are}")
    yield CheckResult("edge_rows", judge(not faults), "; ".join(faults) or "all are scored")


def make_edges(rows: pd.DataFrame, inputs: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Makes edge cases: no row, one row, nulls, unseen categories, extremes, each category."""
    some = rows[list(inputs)].head(8)
    texts = [name for name in inputs if name in PROBLEM.categories]
    numbers = [name for name in inputs if name in PROBLEM.model_inputs and name not in texts]
    edges = {
        "no rows": some.head(0),
        "one row": some.head(1),
        "nulls": some.assign(**dict.fromkeys(texts), **dict.fromkeys(numbers, np.nan)),
        "unseen categories": some.assign(**dict.fromkeys(texts, "??")),
        "large numbers": some.assign(**dict.fromkeys(numbers, EXTREME)),
        "small numbers": some.assign(**dict.fromkeys(numbers, -EXTREME)),
    }
    for column in texts:
        edges[f"each {column}"] = rows.drop_duplicates(column)[list(inputs)]
    return edges


def check_agreement(case: Case) -> Iterator[CheckResult]:
    """A row has one score, to 1e-9, in whichever way: alone, among others, in a batch."""
    some = case.sound_rows.head(COMPARED_ROWS)
    if some.empty:
        reason = f"each of {len(case.rows)} rows breaks a rule of the version's first step"
        yield CheckResult("agreement", Verdict.FAILED, reason)
        return
    alone = [score(case.model, some.iloc[[number]])[0] for number in range(len(some))]
    together = score(case.model, some)
    apart = {
        name: float(np.abs(scores - together).max())
        for name, scores in {"alone": np.array(alone), **case.other_scores}.items()
    }
    said = [f"{name} and together differ by {gap:g}" for name, gap in apart.items()]
    said += [f"the feature client's way was left out: {case.left_out}"] if case.left_out else []
    reason = ", ".join(said)
    yield CheckResult("agreement", judge(all(gap <= 1e-9 for gap in apart.values())), reason)


def check_time(case: Case) -> Iterator[CheckResult]:
    """Scoring takes not much longer than the champion's, in the same run."""
    rows = case.rows.head(MEASURED_ROWS)
    own = measure_seconds(case.model, rows)
    if case.champion_model is None or case.champion_rows is None:
        reason = f"{own:.3f} s for {len(rows)} rows; there is no champion to compare with"
        yield CheckResult("time", Verdict.REPORTED, reason)
    else:
        champions = measure_seconds(case.champion_model, case.champion_rows.head(MEASURED_ROWS))
        yield _compare("time", own / champions, case.rules.slowest)


def check_memory(case: Case) -> Iterator[CheckResult]:
    """Loading and scoring take not much more memory than the champion's."""
    if case.champion_model is None or case.champion_rows is None:
        yield CheckResult("memory", Verdict.REPORTED, "there is no champion to compare with")
        return
    tables = [rows.head(MEASURED_ROWS) for rows in (case.rows, case.champion_rows)]
    models = (case.model, case.champion_model)
    own, champions = measure_memory(models, tables, PROBLEM.kind.method)
    yield _compare("memory", own / champions, case.rules.largest)


def _compare(check: str, ratio: float, limit: float) -> CheckResult:
    reason = f"{ratio:.2f} times the champion's, {limit:g} is accepted"
    estimate = Estimate(ratio)
    return CheckResult(check, judge(ratio <= limit), reason, "ratio", estimate, limit)


def measure_seconds(model: ScoringModel, rows: pd.DataFrame) -> float:
    """Measures a few times and returns the least: disturbances never shorten a time."""
    return min(_time(lambda: score(model, rows)) for _ in range(REPEATS))


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _count_wrong(scores: np.ndarray) -> int:
    return int(PROBLEM.kind.find_wrong(scores).sum())
