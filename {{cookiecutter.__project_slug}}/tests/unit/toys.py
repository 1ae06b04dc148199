"""Rows of the declared problem, made by chance, and a small model of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.special import expit, softmax
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from {{ cookiecutter.__package }}.platform.first_step import Rule
from {{ cookiecutter.__package }}.platform.kinds import Kind, MultiClass, Regression
from {{ cookiecutter.__package }}.platform.problem import LABEL, Problem, make_first_step
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.registry.loading import ScoringModel, split_pipeline
from {{ cookiecutter.__package }}.use_case import problem as declared
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

FIRST = make_first_step(PROBLEM)
RULES = [*FIRST.given, *(rule for lookup in FIRST.lookups for rule in lookup.features)]
NUMBERS = [name for name in PROBLEM.model_inputs if name not in PROBLEM.categories]
# The label of the rows depends on this input, and on no other.
NUMBER = next(rule.name for rule in RULES if rule.type == "double" and rule.name in NUMBERS)
KEY = list(PROBLEM.key)
# Examples with the key, the time of the event, and a time of its own when a row is known.
KNOWN_AT = "toy_known_at"
EXAMPLES = Table(
    "raw",
    "toys",
    "Examples with a key and times alone.",
    (
        *(c for c in PROBLEM.examples.columns if c.name in {*PROBLEM.key, PROBLEM.event_time}),
        Column(KNOWN_AT, "timestamp", "UTC"),
    ),
    (*PROBLEM.key, KNOWN_AT),
    KNOWN_AT,
    owner="nobody",
)
BEGIN = pd.Timestamp("2013-01-01", tz="UTC")
DAYS = 100


def compute_truth(kind: Kind, odds: np.ndarray) -> np.ndarray:
    """The best scores: what is to be expected of rows whose labels depend on `odds`."""
    if isinstance(kind, Regression):
        return odds
    if isinstance(kind, MultiClass):
        classes: np.ndarray = softmax(np.column_stack([-2 * odds, 0 * odds, 2 * odds]), axis=1)
        return classes
    chances: np.ndarray = expit(odds)
    return chances


def draw_labels(kind: Kind, odds: np.ndarray, generator: np.random.Generator) -> list[object]:
    """Labels of rows, by chance."""
    truth, chance = compute_truth(kind, odds), generator.random(len(odds))
    if isinstance(kind, Regression):
        return list(odds + generator.normal(size=len(odds)))
    if isinstance(kind, MultiClass):
        drawn = (truth.cumsum(axis=1) < chance[:, None]).sum(axis=1)
        return [kind.classes[number] for number in drawn]
    return list((chance < truth).astype(float))


def make_rows(count: int = 1_500, begin: pd.Timestamp = BEGIN, days: int = DAYS) -> pd.DataFrame:
    """Rows that a model can be told and look up, with labels and keys, spread over some days."""
    generator = np.random.default_rng(5)
    times = pd.to_timedelta(np.sort(generator.uniform(0, days, count)), unit="D")
    rows = pd.DataFrame({PROBLEM.event_time: (begin + times).floor("us")})
    odds = generator.normal(size=count)
    for rule in RULES:
        if rule.name not in rows:
            drawn = odds if rule.name == NUMBER else generator.normal(size=count)
            rows[rule.name] = make_values(rule, drawn, rows[PROBLEM.event_time])
    for time in PROBLEM.row_times:
        rows[time] = rows[PROBLEM.event_time] - pd.Timedelta(hours=1)
    rows[LABEL] = draw_labels(PROBLEM.kind, odds, generator)
    for number, name in enumerate(KEY):
        if name not in rows:
            rows[name] = [f"{number}{row:06}" for row in range(count)]
    return rows


def make_values(rule: Rule, drawn: np.ndarray, times: pd.Series) -> Any:
    """Values that keep a rule, of normal draws."""
    if rule.type in ("timestamp", "date"):
        return times
    if rule.type == "string":
        known = np.array(rule.allowed or ("AA", "BB", "CC"))
        return known[np.abs(drawn * 10).astype(int) % len(known)]
    low, high = (-10.0 if rule.minimum is None else rule.minimum, rule.maximum or 10.0)
    values = (low + high) / 2 + drawn * (high - low) / 20
    return values if rule.type == "double" else values.round()


def build_toy(depth: int = 3) -> Pipeline:
    """An unfitted model that looks at numbers alone."""
    numbers = ColumnTransformer([("numbers", SimpleImputer(keep_empty_features=True), NUMBERS)])
    is_number = isinstance(PROBLEM.kind, Regression)
    tree = DecisionTreeRegressor if is_number else DecisionTreeClassifier
    return make_pipeline(FIRST, numbers, tree(max_depth=depth, random_state=1))


def fit_toy(rows: pd.DataFrame, depth: int = 3) -> Any:
    """A fitted one."""
    return build_toy(depth).fit(rows, PROBLEM.kind.encode(rows[LABEL]))


def to_model(pipeline: Any) -> ScoringModel:
    """A fitted pipeline as a version that was loaded, without look-ups."""
    return split_pipeline(1, pipeline)


@contextmanager
def inject(problem: Problem) -> Iterator[None]:
    """Another problem in place of the present one, in every module that knows that one."""
    package, present = "{{ cookiecutter.__package }}.", declared.PROBLEM
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    with ExitStack() as stack:
        for module in modules:
            if getattr(module, "PROBLEM", None) is present:
                stack.enter_context(patch.object(module, "PROBLEM", problem))
        yield
