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

from {{ cookiecutter.__package }}.platform.examples import select_inputs
from {{ cookiecutter.__package }}.platform.kinds import Kind, MultiClass, Regression
from {{ cookiecutter.__package }}.platform.problem import LABEL, Problem
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.use_case import problem as declared
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

COLUMNS = [*PROBLEM.inputs, *(column for table in PROBLEM.lookups for column in table.columns)]
TYPES = {column.name: column.type for column in COLUMNS if column.name in PROBLEM.model_inputs}
NUMBERS = [name for name in PROBLEM.model_inputs if name not in PROBLEM.categories]
# The label of the rows depends on this input, and on no other.
NUMBER = next(name for name in NUMBERS if TYPES[name] == "double")
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
    """Rows with all inputs, labels, keys and event times, spread over some days."""
    generator = np.random.default_rng(5)
    rows = pd.DataFrame({name: generator.normal(size=count) for name in NUMBERS})
    for name in NUMBERS:
        if TYPES[name] != "double":
            rows[name] = generator.integers(0, 24, count)
    for name in PROBLEM.categories:
        rows[name] = generator.choice(["AA", "BB", "CC"], count)
    times = pd.to_timedelta(np.sort(generator.uniform(0, days, count)), unit="D")
    rows[PROBLEM.event_time] = (begin + times).floor("us")
    rows[LABEL] = draw_labels(PROBLEM.kind, rows[NUMBER].to_numpy(), generator)
    for number, name in enumerate(KEY):
        if name not in rows:
            rows[name] = [f"{number}{row:06}" for row in range(count)]
    return rows


def build_toy(depth: int = 3) -> Pipeline:
    """An unfitted model that looks at numbers alone."""
    numbers = ColumnTransformer([("numbers", SimpleImputer(keep_empty_features=True), NUMBERS)])
    is_number = isinstance(PROBLEM.kind, Regression)
    tree = DecisionTreeRegressor if is_number else DecisionTreeClassifier
    return make_pipeline(numbers, tree(max_depth=depth, random_state=1))


def fit_toy(rows: pd.DataFrame, depth: int = 3) -> Any:
    """A fitted one."""
    return build_toy(depth).fit(select_inputs(PROBLEM, rows), PROBLEM.kind.encode(rows[LABEL]))


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
