"""A declaration that contradicts itself is refused where it is written, by field and value."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.platform.examples import compute_inputs
from {{ cookiecutter.__package }}.platform.kinds import Binary, MultiClass, Regression
from {{ cookiecutter.__package }}.platform.problem import Problem
from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable, Table

NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)
KEYS = (Column("id", "string", "key"), Column("sent_at", "timestamp", "UTC"))
PARCELS = Table(
    "raw",
    "parcels",
    "Parcels.",
    (*KEYS, Column("weight", "double", "kg"), Column("kind", "string", "of goods")),
    ("id",),
    "sent_at",
)
ARRIVALS = Table(
    "raw", "arrivals", "Arrivals.", (*KEYS, Column("ok", "int", "")), ("id",), "sent_at"
)
LOADS = FeatureTable(
    "features",
    "loads",
    "Loads.",
    (
        *KEYS,
        Column("load", "double", "kg", sources=("parcels.weight",)),
        Column("van", "string", ""),
    ),
    ("id", "sent_at"),
    "sent_at",
    source=PARCELS,
    lookback=dt.timedelta(0),
    compute=lambda rows, window: window.select(rows, "sent_at"),
)
PROBLEM = Problem(
    predicts="whether a parcel is lost",
    limits="None.",
    noun="parcel",
    nouns="parcels",
    kind=Binary(event="lost"),
    examples=PARCELS,
    outcomes=ARRIVALS,
    key=("id",),
    event_time="sent_at",
    lead=dt.timedelta(days=2),
    find_prediction_time=lambda at: at,
    find_label=lambda: F.col("ok").cast("double"),
    label_delay=dt.timedelta(days=1),
    inputs=(Column("weight", "double", "kg"), Column("kind", "string", "of goods")),
    describe=lambda rows: rows,
    lookups=(LOADS,),
    baselines={"heaviest": "weight"},
    name_slices=lambda rows: {"kind": rows["kind"]},
    name_cluster=lambda rows: rows["sent_at"],
    first_day=dt.datetime(2013, 1, 1, tzinfo=dt.UTC),
)


def test_inputs_are_the_columns_of_the_example_and_the_features() -> None:
    assert PROBLEM.model_inputs == ("weight", "kind", "load", "van")
    assert PROBLEM.categories == ("kind", "van")
    assert [column.name for column in PROBLEM.given] == ["sent_at", "weight", "kind", "id"]
    assert PROBLEM.list_input_sources() == {
        "sent_at": ("parcels.sent_at",),
        "id": ("parcels.id",),
        "weight": ("parcels.weight",),
        "kind": ("parcels.kind",),
        "load": ("parcels.weight",),
    }
    told = {"sent_at": [NOON], "id": ["x"], "kind": ["b"], "weight": [2], "more": [3]}
    inputs = compute_inputs(PROBLEM, pd.DataFrame(told | {"van": ["a"], "load": [1]}))
    assert list(inputs) == list(PROBLEM.model_inputs)
    assert list(inputs.dtypes[["weight", "load"]]) == [float, float]


def test_every_function_makes_rows_but_those_that_judge_them() -> None:
    whole = replace(PROBLEM, find_cancelled=lambda: F.lit(False))
    declared = {value for value in vars(whole).values() if callable(value)}
    assert declared - {*whole.functions} == {whole.name_slices, whole.name_cluster}
    assert {*whole.functions} - declared == {Binary}
    assert len(PROBLEM.functions) == len(whole.functions) - 1


def test_another_kind_or_another_class_is_another_training_and_another_word_is_not() -> None:
    kinds = [Binary("lost"), Binary("late"), Regression("kg"), MultiClass(("a", "b", "c"))]
    kinds.append(MultiClass(("a", "b", "d")))
    shapes = [replace(PROBLEM, kind=kind, baselines={}).shape for kind in kinds]
    assert shapes[0] == shapes[1]
    assert len({repr(shape) for shape in shapes}) == 4


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "key of no column": ({"key": ("number",)}, "key: parcels has no column number, only id, "),
    "key of no outcome": (
        {"outcomes": replace(ARRIVALS, columns=KEYS[1:], keys=("sent_at",))},
        "key: arrivals has no column id, only sent_at",
    ),
    "key that is not the table's": (
        {"key": ("id", "kind"), "outcomes": None},
        "key: id, kind, and parcels has id: these may have sent_at besides, and nothing else",
    ),
    "event time of no column": (
        {"event_time": "lost_at", "outcomes": None},
        "event_time: parcels has no column lost_at",
    ),
    "input of no column": (
        {"inputs": (Column("height", "double", "cm"),)},
        "inputs: parcels has no column height",
    ),
    "input of a type that no model takes": (
        {"inputs": (Column("sent_at", "timestamp", "UTC"),)},
        "inputs: sent_at is a timestamp, and a model takes double, int",
    ),
    "input that is made of no column": (
        {"inputs": (Column("size", "double", "", sources=("parcels.height",)),)},
        "inputs: parcels has no column height",
    ),
    "input that is looked up too": (
        {"inputs": (Column("load", "double", "kg", sources=("parcels.weight",)),)},
        "inputs: load is there twice, in inputs or in lookups",
    ),
    "look-up by what an example lacks": (
        {"lookups": (replace(LOADS, keys=("van", "sent_at")),), "baselines": {}},
        "lookups: loads is looked up by van, and parcels has no such column",
    ),
    "baseline of no input": (
        {"baselines": {"luck": "dice"}},
        "baselines: dice is no input; there are weight, kind, load, van",
    ),
    "baseline of classes": (
        {"kind": MultiClass(("a", "b", "c"))},
        "baselines: heaviest, and kind: MultiClass: one input predicts no probabilities of classes",
    ),
    "first day at noon": ({"first_day": NOON}, "first_day: .* is not the start of a day in UTC"),
    "labels that come before": (
        {"label_delay": dt.timedelta(days=-1)},
        "label_delay: -1 day, 0:00:00 is negative",
    ),
    "horizon that is negative": (
        {"horizon_days": -1},
        "horizon_days: -1 is not a whole number, 0 or more",
    ),
    "horizon of half a day": ({"horizon_days": 0.5}, "horizon_days: 0.5 is not a whole number"),
    "horizon beyond what is known": (
        {"horizon_days": 3},
        "horizon_days: 3, and lead: 2 days, 0:00:00: an example that is not known yet cannot be",
    ),
    "lead that is negative": (
        {"lead": dt.timedelta(days=-1), "horizon_days": 0},
        "lead: -1 day, 0:00:00 is negative",
    ),
    "window of no days": ({"tuning_days": 0}, "tuning_days: 0 is not 1 or more"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_declaration_that_contradicts_itself_is_refused(name: str) -> None:
    changes, said = REFUSED[name]
    with pytest.raises(ValueError, match=said):
        replace(PROBLEM, **changes)


def test_without_a_table_of_outcomes_the_examples_tell_what_became_of_them() -> None:
    known = replace(PROBLEM, outcomes=None)
    assert known.labelling is PARCELS
    assert PROBLEM.labelling is ARRIVALS
