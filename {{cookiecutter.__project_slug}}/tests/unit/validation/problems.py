"""A toy problem of each kind of target, with inputs of its own, in place of the project's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.kinds import Binary, Kind, MultiClass, Regression
from {{ cookiecutter.__package }}.platform.problem import LABEL, Problem
from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable, Table
from {{ cookiecutter.__package }}.validation import compliance

from ..toys import draw_labels, inject

NUMBER, TEXT, INPUT = "size", "colour", "warmth"
THINGS = Table(
    "raw",
    "things",
    "",
    (
        Column("thing", "string", "", required=True),
        Column("due", "timestamp", "", required=True),
        Column(TEXT, "string", ""),
        Column(NUMBER, "double", ""),
    ),
    ("thing",),
    "due",
)
WARMTH = FeatureTable(
    "features",
    "warmth",
    "",
    (
        Column(TEXT, "string", ""),
        Column("known_at", "timestamp", ""),
        Column(INPUT, "double", "", sources=(f"things.{NUMBER}",)),
    ),
    (TEXT, "known_at"),
    "known_at",
    source=THINGS,
    lookback=dt.timedelta(0),
    compute=lambda rows, _: rows,
)
BINARY = Problem(
    kind=Binary(event="lost"),
    predicts="whether a thing is lost",
    limits="A toy.",
    noun="thing",
    nouns="things",
    examples=THINGS,
    outcomes=None,
    key=("thing",),
    event_time="due",
    lead=dt.timedelta(days=1),
    find_prediction_time=lambda due: due,
    find_label=lambda: F.col("label"),
    label_delay=dt.timedelta(days=1),
    inputs=(Column(TEXT, "string", ""), Column(NUMBER, "double", "")),
    describe=lambda rows: rows,
    lookups=(WARMTH,),
    baselines={"rule_of_thumb": INPUT},
    name_slices=lambda rows: {TEXT: rows[TEXT]},
    name_cluster=lambda rows: rows["due"].dt.date,
    first_day=dt.datetime(2013, 1, 1, tzinfo=dt.UTC),
)
PROBLEMS = {
    "binary": BINARY,
    "regression": replace(BINARY, kind=Regression(unit="grams")),
    "classes": replace(BINARY, kind=MultiClass(("short", "middle", "long")), baselines={}),
}


def make_rows(kind: Kind, begin: dt.datetime, count: int = 12_000, days: int = 28) -> pd.DataFrame:
    """Rows with all inputs and labels, spread over some days; labels depend on `NUMBER` alone."""
    generator = np.random.default_rng(5)
    times = pd.to_timedelta(np.sort(generator.uniform(0, days, count)), unit="D")
    odds = generator.normal(size=count)
    columns = {
        "thing": [f"{row:06}" for row in range(count)],
        "due": (pd.Timestamp(begin) + times).floor("us"),
        TEXT: generator.choice(["AA", "BB", "CC"], count),
        NUMBER: odds,
        INPUT: generator.normal(size=count),
        WARMTH.row_time: pd.Timestamp(begin),
        LABEL: draw_labels(kind, odds, generator),
    }
    return pd.DataFrame(columns)


@contextmanager
def play(problem: Problem) -> Iterator[None]:
    """The toy problem and its tables in place of the project's."""
    columns = {f"things.{column.name}": column for column in THINGS.columns}
    known = {"COLUMNS": columns, "FEATURE_TABLES": (WARMTH,)}
    with inject(problem), patch.multiple(compliance, **known):
        yield
