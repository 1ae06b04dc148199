"""How often the gate errs: false blocks, false passes and power, by simulation, of each kind.

Called in the folder of a rendered project, with its margins: `python gate.py [COMPARISONS]`. With
few comparisons the true differences come from a shorter window: such a run only shows that the
program works.
Examples of a day share disturbances that both models see alike and some that they do not, as in the
sample data. A true difference is counted in margins. The naive rule, "the challenger's metric is at
least the champion's", judges the same draws. The first table is of the comparison with the champion
alone, the second of all checks of performance together.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn.linear_model import LinearRegression, LogisticRegression

from bundlework.bundle.contract import read_package
from bundlework.bundle.loading import load_bundle

COMPARISONS = 1_000
# Examples a day, and days of an evaluation window.
EXAMPLES, WINDOWS = 900, (7, 14, 28, 56)
# By how many margins the challenger is truly better.
TRUTHS = (-2, -1, 0, 1)
SEED = 2013
# Enough for the true difference to be known to a few hundredths of a margin (its standard error).
LONG_DAYS = 2_000
# The window that the gate uses, and slices as uneven as those of the sample data.
GATE_DAYS, SLICES = 28, 12
GATE_TRUTHS = (-1, 0)
# Shifts the odds so that an event happens to one example in four; other kinds need no shift.
BINARY_SHIFT = -1.2


@dataclass(frozen=True)
class Draw:
    """Labels as people write them, what champion and challenger know of them, and days."""

    labels: np.ndarray
    known: tuple[np.ndarray, np.ndarray]
    days: np.ndarray


@dataclass(frozen=True)
class Simulation:
    """One kind of target, with the parts of the rendered project that judge its models.

    Attributes:
        parts: Modules of the project and its tests, by the last part of their names.
        settings: The gate's margins.
    """

    problem: Any
    parts: dict[str, Any]
    settings: Any

    @property
    def kind(self) -> Any:
        """Returns the kind of target."""
        return self.problem.kind

    def draw(self, generator: np.random.Generator, days: int, loss: float) -> Draw:
        """A window; `loss` is noise that makes the challenger worse, or better where negative."""
        day = np.repeat(np.arange(days), EXAMPLES)
        known, shared = generator.normal(size=len(day)), generator.normal(size=days)[day]
        shift = BINARY_SHIFT if self.kind.shape == ("binary",) else 0.0
        odds = shift + 1.1 * known + 0.6 * shared
        labels = self.parts["toys"].draw_labels(self.kind, odds, generator)
        own = [
            generator.normal(size=len(day)) + 0.3 * generator.normal(size=days)[day] for _ in "ab"
        ]
        noise = (0.35, 0.35 + loss)
        first, second = (known + 0.3 * shared + n * o for n, o in zip(noise, own, strict=True))
        return Draw(np.array(labels), (first, second), day)

    def encode(self, drawn: Draw) -> np.ndarray:
        """The labels as numbers."""
        encoded: np.ndarray = self.kind.encode(pd.Series(drawn.labels))
        return encoded

    def fit(self, drawn: Draw) -> list[Any]:
        """Makes of what each model knows calibrated scores."""
        estimator = LinearRegression if self.kind.method == "predict" else LogisticRegression
        labels = self.encode(drawn)
        return [estimator().fit(known[:, None], labels) for known in drawn.known]

    def score(self, curves: list[Any], drawn: Draw) -> list[np.ndarray]:
        """The scores of both models."""
        pairs = zip(curves, drawn.known, strict=True)
        return [self.kind.predict(curve, known[:, None]) for curve, known in pairs]

    def measure_truth(self, days: int, loss: float) -> tuple[float, float]:
        """The champion's gain over naive scores and the challenger's over the champion's."""
        drawn = self.draw(np.random.default_rng(1), days, loss)
        champion, challenger = self.score(self.fit(drawn), drawn)
        metric, labels = self.kind.primary, self.encode(drawn)
        naive = self.kind.score_naively(metric, self.kind.sum_up(labels), len(labels))
        gains = (metric.measure_gain(labels, *pair).value for pair in
                 ((champion, naive), (challenger, champion)))  # fmt: skip
        gain, difference = gains
        return gain, difference

    def find_loss(self, truth: int, days: int) -> float:
        """The noise with which the challenger truly is better by so many margins."""

        def miss(loss: float) -> float:
            gain, difference = self.measure_truth(days, loss)
            return difference - truth * self.settings.champion_share * gain

        return float(optimize.brentq(miss, -0.34, 2.5, xtol=1e-3)) if truth else 0.0

    def make_case(self, drawn: Draw, curves: list[Any], generator: np.random.Generator) -> Any:
        """Makes the case that the checks judge; draws slices at random."""
        count = len(drawn.labels)
        rows = pd.DataFrame(
            {
                self.parts["problem"].LABEL: drawn.labels,
                "day": drawn.days,
                "place": generator.choice(["EWR", "JFK", "LGA"], count),
                "firm": np.minimum(generator.geometric(0.25, count), SLICES).astype(str),
            }
        )
        champion, challenger = self.score(curves, drawn)
        known = self.kind.sum_up(self.encode(drawn))
        return SimpleNamespace(
            rules=self.parts["rules"].RULES,
            settings=self.settings,
            record=SimpleNamespace(metrics=known),
            rows=rows,
            scheduled=count,
            scores=challenger,
            champion_scores=champion,
            champion=SimpleNamespace(version=1),
        )


def choose_days(comparisons: int) -> int:
    """The days on which a true difference is found."""
    return min(LONG_DAYS, 20 * comparisons)


def simulate(simulation: Simulation, comparisons: int) -> Iterator[tuple[Any, ...]]:
    """For each truth and window: days, truth, passes, inconclusive ones, and naive passes."""
    check = simulation.parts["performance"].check_champion
    for truth in TRUTHS:
        loss = simulation.find_loss(truth, choose_days(comparisons))
        curves = simulation.fit(simulation.draw(np.random.default_rng(1), 300, loss))
        for days in WINDOWS:
            generator = np.random.default_rng([SEED, days])
            verdicts, naive = [], 0
            for _ in range(comparisons):
                drawn = simulation.draw(generator, days, loss)
                (found,) = check(simulation.make_case(drawn, curves, generator))
                verdicts.append(str(found.verdict))
                naive += found.estimate.value >= 0
            yield days, truth, verdicts.count("passed"), verdicts.count("inconclusive"), naive


def simulate_gate(simulation: Simulation, comparisons: int) -> Iterator[tuple[Any, ...]]:
    """For each truth: how many challengers all checks of performance let pass, and who blocked."""
    performance = simulation.parts["performance"]
    names = ("labelled_rows", "primary", "calibration", "loss", "champion", "slices")
    checks = [getattr(performance, f"check_{name}") for name in names]
    for truth in GATE_TRUTHS:
        loss = simulation.find_loss(truth, choose_days(comparisons))
        curves = simulation.fit(simulation.draw(np.random.default_rng(1), 300, loss))
        generator = np.random.default_rng([SEED, GATE_DAYS])
        blocked: dict[str, int] = {}
        for _ in range(comparisons):
            drawn = simulation.draw(generator, GATE_DAYS, loss)
            case = simulation.make_case(drawn, curves, generator)
            results = [result for check in checks for result in check(case)]
            for name in {r.check for r in results if r.verdict.blocks} or {"none"}:
                blocked[name] = blocked.get(name, 0) + 1
        yield truth, blocked.pop("none", 0), blocked


def describe_share(count: int, total: int) -> str:
    """A share with its exact 95 % interval (Clopper and Pearson, Biometrika 26, 1934)."""
    lower = stats.beta.ppf(0.025, count, total - count + 1) if count else 0.0
    upper = stats.beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return f"{count / total:6.1%} ({lower:.1%} to {upper:.1%})"


def draw_power(rows: list[tuple[Any, ...]], comparisons: int) -> Iterator[str]:
    """A bar for each window: how often a challenger of equal quality passes."""
    for days, truth, passed, *_ in rows:
        if truth == 0:
            share = passed / comparisons
            yield f"{days:4} days  {'█' * round(40 * share)} {share:.0%}"


def main() -> None:
    """Prints the tables of each kind."""
    comparisons = int(sys.argv[1]) if len(sys.argv) > 1 else COMPARISONS
    machine, cores = platform.processor() or platform.machine(), os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    print(f"{machine}, {cores} cores, {memory:.0f} GiB, Python {python}, NumPy {np.__version__}")
    print(f"{comparisons} comparisons each, {EXAMPLES} examples a day")
    parts, settings = load_project(), read_settings()
    for name, toy in parts["problems"].PROBLEMS.items():
        problem = replace(
            toy,
            name_cluster=lambda rows: rows["day"],
            name_slices=lambda rows: {"place": rows["place"], "firm": rows["firm"]},
        )
        with parts["problems"].play(problem):
            print_tables(name, Simulation(problem, parts, settings), comparisons)


def print_tables(name: str, simulation: Simulation, comparisons: int) -> None:
    """Prints the tables of one kind."""
    gain, _ = simulation.measure_truth(choose_days(comparisons), 0.0)
    share, metric = simulation.settings.champion_share, simulation.kind.primary.name
    print(
        f"\n## {name}: the champion gains {gain:.3f} {metric}, the margin is {share * gain:.4f}\n"
    )
    print("| days | true difference, margins | the gate passes | inconclusive | the naive rule |")
    print("|---|---|---|---|---|")
    rows = []
    for row in simulate(simulation, comparisons):
        rows.append(row)
        days, truth, *counts = row
        passed, unsure, naive = (describe_share(count, comparisons) for count in counts)
        print(f"| {days} | {truth:+d} | {passed} | {unsure} | {naive} |", flush=True)
    print("\nAn equal challenger passes:")
    print("\n".join(draw_power(rows, comparisons)))
    print(f"\nAll checks of performance, {GATE_DAYS} days:\n")
    print("| true difference, margins | the gate passes | blocked by |\n|---|---|---|")
    for truth, count, blocked in simulate_gate(simulation, comparisons):
        by = ", ".join(f"{check} {found / comparisons:.1%}" for check, found in blocked.items())
        print(f"| {truth:+d} | {describe_share(count, comparisons)} | {by} |", flush=True)


def load_project() -> dict[str, Any]:
    """The parts of the rendered project that are measured, and its toy problems."""
    sys.path.insert(0, str(Path.cwd()))
    package = read_package(Path.cwd())
    names = [
        f"{package}.platform.problem",
        f"{package}.validation.rules",
        f"{package}.validation.performance",
        "tests.unit.toys",
        "tests.unit.validation.problems",
    ]
    return {name.split(".")[-1]: importlib.import_module(name) for name in names}


def read_settings() -> SimpleNamespace:
    """The gate's margins, as the job of the default target is told."""
    variables = load_bundle(Path.cwd(), "dev").config["variables"]
    told = variables["validation_settings"]["value"]
    margins = {name: float(told[name]) for name in ("champion_share", "slice_share")}
    return SimpleNamespace(**margins, superiority=told["superiority"] == "true")


if __name__ == "__main__":
    main()
