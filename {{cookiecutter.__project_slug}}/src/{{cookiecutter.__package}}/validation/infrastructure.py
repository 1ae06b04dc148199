"""Checks that a version can be used: it scores whatever comes, alike everywhere, fast enough."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from ..problem import CATEGORIES
from ..scoring import ScoringModel, score
from .evidence import Case
from .results import CheckResult, Verdict, judge
from .statistics import Estimate

EXTREME = 1e12
TIMED_ROWS = 5_000
REPEATS = 3


def check_scores(case: Case) -> Iterator[CheckResult]:
    """Every row got a probability."""
    wrong = _count_wrong(case.scores)
    complete = len(case.scores) == len(case.rows)
    reason = f"{wrong} of {len(case.rows)} scores are not probabilities"
    yield CheckResult("scores", judge(complete and not wrong), reason)


def check_edges(case: Case) -> Iterator[CheckResult]:
    """Rows that are rare or impossible are scored too."""
    faults = []
    for name, rows in make_edges(case.rows, case.model.inputs).items():
        scores = score(case.model, rows)
        if len(scores) != len(rows) or _count_wrong(scores):
            faults.append(f"{name}: {_count_wrong(scores)} of {len(rows)} are not probabilities")
    yield CheckResult("edge_rows", judge(not faults), "; ".join(faults) or "all are scored")


def make_edges(rows: pd.DataFrame, inputs: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """No rows, one row, nulls, unseen categories, extremes, and each category by itself."""
    some = rows[list(inputs)].head(8)
    numbers = [name for name in inputs if name not in CATEGORIES]
    edges = {
        "no rows": some.head(0),
        "one row": some.head(1),
        "nulls": some.assign(**{n: None if n in CATEGORIES else np.nan for n in inputs}),
        "unseen categories": some.assign(**dict.fromkeys(set(CATEGORIES) & set(inputs), "??")),
        "large numbers": some.assign(**dict.fromkeys(numbers, EXTREME)),
        "small numbers": some.assign(**dict.fromkeys(numbers, -EXTREME)),
    }
    for column in sorted(set(CATEGORIES) & set(inputs)):
        edges[f"each {column}"] = rows.drop_duplicates(column)[list(inputs)]
    return edges


def check_agreement(case: Case) -> Iterator[CheckResult]:
    """A row scores alone as it does among others, to 1e-9."""
    some = case.rows.head(20)
    alone = [score(case.model, some.iloc[[number]])[0] for number in range(len(some))]
    apart = float(np.abs(np.array(alone) - score(case.model, case.rows)[: len(some)]).max())
    yield CheckResult("agreement", judge(apart <= 1e-9), f"alone and together differ by {apart:g}")


def check_cost(case: Case) -> Iterator[CheckResult]:
    """Time and memory stay within limits, relative to the champion in the same run."""
    rows = case.rows.head(TIMED_ROWS)
    for name, measure, limit in (
        ("time", measure_seconds, case.rules.slowest),
        ("memory", measure_memory, case.rules.largest),
    ):
        if case.champion_model is None:
            yield CheckResult(name, Verdict.REPORTED, "there is no champion to compare with")
            continue
        ratio = measure(case.model, rows) / max(measure(case.champion_model, rows), 1e-9)
        reason = f"{ratio:.2f} times the champion's, {limit:g} is accepted"
        estimate = Estimate(ratio, float("nan"), float("nan"))
        yield CheckResult(name, judge(ratio <= limit), reason, "ratio", estimate, limit)


def measure_seconds(model: ScoringModel, rows: pd.DataFrame) -> float:
    """The least of a few times, which disturbances do not shorten."""
    return min(_time(lambda: score(model, rows)) for _ in range(REPEATS))


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure_memory(model: ScoringModel, rows: pd.DataFrame) -> float:
    """Peak of what Python and NumPy allocate while scoring, bytes."""
    tracemalloc.start()
    try:
        score(model, rows)
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def _count_wrong(scores: np.ndarray) -> int:
    return int((~((scores >= 0) & (scores <= 1))).sum())
