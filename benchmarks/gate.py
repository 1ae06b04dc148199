"""How often the gate errs: false blocks, false passes and power, by simulation.

Called in the folder of a rendered project, with its margins: `python gate.py [COMPARISONS]`. With
few comparisons the true differences come from a shorter window: such a run only shows that the
program works.
Flights of a day share disturbances that both models see alike and some that they do not, as in the
sample data. The naive rule, "the challenger's metric is at least the champion's", judges the same
draws. The first table is of the comparison with the champion alone, the second of all checks of
performance together.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn.linear_model import LogisticRegression

from bundlework.bundle.contract import read_package
from bundlework.bundle.loading import load_bundle

COMPARISONS = 1_000
# Flights a day, and days of an evaluation window.
FLIGHTS, WINDOWS = 900, (7, 14, 28, 56)
# How much better (AUC) the challenger truly is.
TRUTHS = (-0.02, -0.01, 0.0, 0.01)
SEED = 2013
# Enough for the true difference to be known to two ten-thousandths (its standard error).
LONG_DAYS = 6_000
# The window that the gate uses, and slices as uneven as those of the sample data.
GATE_DAYS, CARRIERS = 28, 12
GATE_TRUTHS = (-0.01, 0.0)


@dataclass(frozen=True)
class Draw:
    """Labels, the scores of champion and challenger, and days."""

    labels: np.ndarray
    champion: np.ndarray
    challenger: np.ndarray
    days: np.ndarray


def draw(generator: np.random.Generator, days: int, loss: float) -> Draw:
    """A window; `loss` is noise that makes the challenger worse than the champion, or better."""
    day = np.repeat(np.arange(days), FLIGHTS)
    known, shared = generator.normal(size=len(day)), generator.normal(size=days)[day]
    odds = -1.2 + 1.1 * known + 0.6 * shared
    labels = (generator.random(len(day)) < 1 / (1 + np.exp(-odds))).astype(float)
    own = [generator.normal(size=len(day)) + 0.3 * generator.normal(size=days)[day] for _ in "ab"]
    noise = (0.35, 0.35 + loss)
    champion, challenger = (known + 0.3 * shared + n * o for n, o in zip(noise, own, strict=True))
    return Draw(labels, champion, challenger, day)


def find_loss(statistics: Any, truth: float, days: int) -> float:
    """The noise with which the challenger truly is `truth` better, on a very long window."""

    def miss(loss: float) -> float:
        drawn = draw(np.random.default_rng(1), days, loss)
        return measure(statistics, drawn).value - truth

    return float(optimize.brentq(miss, -0.34, 1.5, xtol=1e-4)) if truth else 0.0


def choose_days(comparisons: int) -> int:
    """The days on which a true difference is found."""
    return min(LONG_DAYS, 60 * comparisons)


def measure(statistics: Any, drawn: Draw) -> Any:
    """The difference of the AUCs with its interval."""
    return statistics.estimate_auc_difference(
        drawn.labels, drawn.challenger, drawn.champion, drawn.days
    )


def simulate(statistics: Any, margin: float, comparisons: int) -> Iterator[tuple[Any, ...]]:
    """For each window and truth: days, truth, passes of the gate and of the naive rule."""
    for truth in TRUTHS:
        loss = find_loss(statistics, truth, choose_days(comparisons))
        for days in WINDOWS:
            generator = np.random.default_rng([SEED, days])
            found = [measure(statistics, draw(generator, days, loss)) for _ in range(comparisons)]
            passed = sum(estimate.lower > -margin for estimate in found)
            yield days, truth, passed, sum(estimate.value >= 0 for estimate in found)


def simulate_gate(project: dict[str, Any], comparisons: int) -> Iterator[tuple[Any, ...]]:
    """For each truth: how many challengers all checks of performance let pass, and who blocked."""
    for truth in GATE_TRUTHS:
        loss = find_loss(project["statistics"], truth, choose_days(comparisons))
        curves = fit_curves(draw(np.random.default_rng(1), 300, loss))
        generator = np.random.default_rng([SEED, GATE_DAYS])
        blocked: dict[str, int] = {}
        for _ in range(comparisons):
            case = make_case(project, draw(generator, GATE_DAYS, loss), curves, generator)
            results = [result for check in project["checks"] for result in check(case)]
            for name in {r.check for r in results if r.verdict.blocks} or {"none"}:
                blocked[name] = blocked.get(name, 0) + 1
        yield truth, blocked.pop("none", 0), blocked


def fit_curves(drawn: Draw) -> list[Any]:
    """What makes probabilities of each model's scores."""
    scores = (drawn.champion, drawn.challenger)
    return [LogisticRegression().fit(s[:, None], drawn.labels) for s in scores]


def make_case(
    project: dict[str, Any], drawn: Draw, curves: list[Any], generator: np.random.Generator
) -> Any:
    """What the checks look at, with slices drawn at random."""
    count = len(drawn.labels)
    carrier = np.minimum(generator.geometric(0.25, count), CARRIERS)
    times = pd.Timestamp("2013-06-01T16:00") + pd.to_timedelta(drawn.days, unit="D")
    rows = pd.DataFrame(
        {
            project["label"]: drawn.labels,
            project["problem"].PROBLEM.event_time: times,
            "origin": generator.choice(["EWR", "JFK", "LGA"], count),
            "carrier": carrier.astype(str),
            "local_hour": generator.integers(5, 24, count),
        }
    )
    champion, challenger = (
        curve.predict_proba(scores[:, None])[:, 1]
        for curve, scores in zip(curves, (drawn.champion, drawn.challenger), strict=True)
    )
    return SimpleNamespace(
        rules=project["rules"].RULES,
        settings=project["settings"],
        rows=rows,
        scheduled=count,
        scores=challenger,
        champion_scores=champion,
        champion=SimpleNamespace(version=1),
    )


def describe_share(count: int, total: int) -> str:
    """A share with its exact 95 % interval (Clopper and Pearson, Biometrika 26, 1934)."""
    lower = stats.beta.ppf(0.025, count, total - count + 1) if count else 0.0
    upper = stats.beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return f"{count / total:6.1%} ({lower:.1%} to {upper:.1%})"


def draw_power(rows: list[tuple[Any, ...]], comparisons: int) -> Iterator[str]:
    """A bar for each window: how often a challenger of equal quality passes."""
    for days, truth, passed, _ in rows:
        if truth == 0:
            share = passed / comparisons
            yield f"{days:4} days  {'█' * round(40 * share)} {share:.0%}"


def main() -> None:
    """Prints the tables."""
    comparisons = int(sys.argv[1]) if len(sys.argv) > 1 else COMPARISONS
    project = load_project()
    statistics, margin = project["statistics"], project["settings"].champion_margin
    machine, cores = platform.processor() or platform.machine(), os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    print(f"{machine}, {cores} cores, {memory:.0f} GiB, Python {python}, NumPy {np.__version__}")
    print(f"{comparisons} comparisons each, {FLIGHTS} flights a day, margin {margin} AUC\n")
    print("| days | true difference | the gate passes | the naive rule passes |\n|---|---|---|---|")
    rows = []
    for row in simulate(statistics, margin, comparisons):
        rows.append(row)
        days, truth, passed, naive = row
        gate, rule = describe_share(passed, comparisons), describe_share(naive, comparisons)
        print(f"| {days} | {truth:+.2f} | {gate} | {rule} |", flush=True)
    print("\nAn equal challenger passes:")
    print("\n".join(draw_power(rows, comparisons)))
    print(f"\nAll checks of performance, {GATE_DAYS} days:\n")
    print("| true difference | the gate passes | blocked by |\n|---|---|---|")
    for truth, passed, blocked in simulate_gate(project, comparisons):
        by = ", ".join(f"{name} {count / comparisons:.1%}" for name, count in blocked.items())
        print(f"| {truth:+.2f} | {describe_share(passed, comparisons)} | {by} |", flush=True)


def load_project() -> dict[str, Any]:
    """The parts of the rendered project that are measured."""
    package = read_package(Path.cwd())
    names = (
        "platform.problem",
        "use_case.problem",
        "validation.statistics",
        "validation.rules",
        "validation.performance",
    )
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    found = {name.split(".")[-1]: module for name, module in modules.items()}
    performance = found["performance"]
    checks = (
        "labelled_rows",
        "auc",
        "calibration",
        "log_loss_difference",
        "champion",
        "slices",
    )
    return {
        **found,
        "label": modules["platform.problem"].LABEL,
        "settings": read_settings(),
        "checks": [getattr(performance, f"check_{name}") for name in checks],
    }


def read_settings() -> SimpleNamespace:
    """The gate's margins, as the job of the default target is told."""
    variables = load_bundle(Path.cwd(), "dev").config["variables"]
    told = variables["validation_settings"]["value"]
    margins = {name: float(told[name]) for name in ("champion_margin", "slice_margin")}
    return SimpleNamespace(**margins, superiority=told["superiority"] == "true")


if __name__ == "__main__":
    main()
