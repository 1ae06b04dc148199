"""Challengers that must be blocked, each with the check meant for it and what that check says."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from databricks.feature_engineering import FeatureLookup
from sklearn.base import clone

from {{ cookiecutter.__package }}.platform.first_step import FirstStep, Rule
from {{ cookiecutter.__package }}.platform.kinds import Binary, Regression
from {{ cookiecutter.__package }}.platform.problem import LABEL, make_first_step

from .cases import TOYS, WINDOW, Toy, ToyCase
from .problems import INPUT, NUMBER, TEXT, WARMTH

# Name, case, check, and a part of its reason.
Planted = tuple[str, ToyCase, str, str]

INSIDE = WINDOW.start + dt.timedelta(days=3)
GENERATOR = np.random.default_rng(9)
NOISE = np.random.default_rng(3).normal(size=12_000)


def make_noise(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.random.default_rng(len(rows)).normal(size=len(odds))


def slow_down(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    time.sleep(0.1)
    return odds


def waste_memory(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds + np.ones((len(odds), 4_000)).sum(axis=1) * 0


def fail_for_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[TEXT] == "CC", np.nan, odds)


def fail_for_nulls(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[NUMBER].isna(), np.nan, odds)


def ignore_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[TEXT] == "CC", GENERATOR.normal(size=len(odds)), odds)


def disturb(much: float) -> Any:
    return lambda rows, odds: odds + much * np.random.default_rng(2).normal(size=len(odds))


def fail_beyond(limit: float) -> Any:
    return lambda rows, odds: np.where(rows[NUMBER] * np.sign(limit) > 1e9, np.nan, odds)


def peek(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds / (2 if len(rows) == 1 else 1)


def plant_scores(toy: Toy) -> Iterator[Planted]:
    """Challengers of each kind of target whose scores are poor."""
    sound, bend, rows, worse = toy.sound, toy.bend, toy.rows, "not_worse_than_champion"
    name, wrong = toy.kind.primary.name, f"are not {toy.kind.scores_are}"
    primary = f"{name} better by -"
    random = toy.first.but(model=toy.make_model(make_noise))
    one_day = rows["due"].dt.day == 5
    yield "random scores", bend(make_noise), worse, primary
    yield "constant", bend(lambda r, o: o * 0), worse, primary
    yield "inverted", bend(lambda r, o: -o), worse, primary
    yield "a little worse than the margin", bend(disturb(0.9)), worse, "beside champion version 1"
    yield "random first model", random, "better_than_naive", "beside naive scores"
    yield (
        "worse on one day, which few days cannot tell from chance",
        sound.but(
            rows=rows.assign(**{NUMBER: rows[NUMBER] + 2.5 * NOISE * one_day}), champions=rows
        ),
        worse,
        "beside champion version 1",
    )
    yield "worse on one slice only", bend(ignore_one), "slice", "beside the champion"
    yield (
        "first model that is far off on average",
        toy.first.but(model=toy.make_model(lambda r, o: o - 3)),
        "loss",
        f"{toy.kind.loss.name} better by -",
    )
    yield "too bold", bend(lambda r, o: 4 * o), "calibration_slope", "slope 0."
    yield "too timid", bend(lambda r, o: o / 5), "calibration_slope", "0.5 and 2 is accepted"
    yield "bolder than the champion", bend(lambda r, o: 1.9 * o), "loss", "beside the champion"
    yield (
        "far off on average",
        bend(lambda r, o: o - 3),
        f"calibration_{toy.kind.balance}",
        " expected, ",
    )
    yield "NaN for one category", bend(fail_for_one), "scores", f"scores {wrong}"
    yield (
        "NaN for what was never seen",
        bend(lambda r, o: np.where(r[TEXT] == "??", np.nan, o)),
        "edge_rows",
        f"unseen categories: 8 of 8 {wrong}",
    )
    yield "NaN for nulls", bend(fail_for_nulls), "edge_rows", "nulls: 8 of 8"
    yield "NaN for large numbers", bend(fail_beyond(1)), "edge_rows", "large numbers: 8 of 8"
    yield "NaN for small numbers", bend(fail_beyond(-1)), "edge_rows", "small numbers: 8 of 8"
    yield (
        "NaN for a row alone",
        bend(lambda r, o: o * (np.nan if len(r) == 1 else 1)),
        "edge_rows",
        "one row: 1 of 1",
    )
    yield "alone other than together", bend(peek), "agreement", "alone and together differ by"
    yield (
        "a first step that refuses all rows",
        sound.but(refuses_all=True),
        "agreement",
        "each of 12000 rows breaks a rule",
    )
    few = sound.but(rows=rows[::100], scheduled=120, model=toy.make_model(disturb(0.3)))
    yield "120 rows", few, worse, "too few rows to tell"
    few = toy.first.but(rows=rows[::1000], scheduled=12, model=toy.make_model(disturb(1.4)))
    yield "first model on 12 rows", few, "better_than_naive", "too few rows to tell"
    yield "no rows", sound.but(rows=rows.head(0)), "labelled_rows", "12000 things, 0 with a label"
    yield (
        "one label",
        sound.but(rows=rows.assign(**{LABEL: rows[LABEL].iloc[0]})),
        "labelled_rows",
        "12000 with a label",
    )
    yield (
        "labels that are missing",
        sound.but(scheduled=2 * len(rows)),
        "labelled_rows",
        "24000 things, 12000 with a label",
    )
    yield (
        "no better, where it must be",
        sound.but(settings=sound.settings.model_copy(update={"superiority": True})),
        "better_than_champion",
        "by scoring every row as champion version 1 does",
    )
    yield (
        "a model that raises",
        bend(lambda r, o: 1 / 0),
        "scores",
        "ZeroDivisionError: division by zero",
    )
    if toy.kind.takes_rules:
        # The rule of thumb says what the model says.
        rule = rows.assign(**{INPUT: rows[NUMBER]})
        yield (
            "first model that is no better than the rule of thumb",
            toy.first.but(rows=rule),
            "better_than_rule_of_thumb",
            f"{name} better by 0.000 (0.000 to 0.000) beside rule of thumb",
        )
    if not isinstance(toy.kind, Regression):
        # A number that is too timid has a slope above the limit before its loss has one.
        yield (
            "more timid than the champion",
            bend(lambda r, o: 0.4 * o),
            "loss",
            "beside the champion",
        )
    if isinstance(toy.kind, Binary):
        rare = np.random.default_rng(4).random(len(rows)) < 0.3
        yield (
            "far too many on average, as for the champion",
            sound.but(rows=rows.assign(**{LABEL: rows[LABEL] * rare})),
            "calibration_ratio",
            "0.4 to 2.5",
        )


FIRST = make_first_step(TOYS["binary"].problem)
SIMPLER = make_first_step(replace(TOYS["binary"].problem, lookups=(), baselines={}))


def take(*names: str) -> FirstStep:
    """A first step that is given more than the problem declares."""
    return clone(FIRST).set_params(given=(*FIRST.given, *(Rule(name, "double") for name in names)))


def plant_records(toy: Toy) -> Iterator[Planted]:
    """Challengers whose record or files are not in order, whatever the kind."""
    sound, champion = toy.sound, toy.sound.champion
    in_prod = sound.settings.model_copy(update={"target": "prod"})
    artifact, record = sound.artifact, sound.record
    elsewhere = FeatureLookup(
        table_name="dev.scratch.leaky",
        lookup_key=WARMTH.lookup_keys,
        timestamp_lookup_key="prediction_at",
        feature_names=[INPUT],
    )
    yield (
        "trained on the evaluation window",
        sound.but(record=replace(record, last_trained=INSIDE)),
        "unseen_data",
        "version 2: its last training row is of 2013-06-04",
    )
    yield (
        "evaluation window that overlaps",
        sound.but(tags={"training_end": INSIDE.isoformat()}),
        "unseen_data",
        "version 2: its training window ends 2013-06-04",
    )
    yield (
        "champion trained on the evaluation window",
        sound.but(champion=replace(champion, last_trained=INSIDE)),
        "unseen_data",
        "version 1: its last training row is of 2013-06-04",
    )
    yield (
        "windows that nobody recorded",
        sound.but(tags={"training_end": ""}),
        "unseen_data",
        "version 2 does not say when",
    )
    yield (
        "evaluation window within the delay of labels",
        sound.but(tags={"training_end": (WINDOW.start - dt.timedelta(hours=12)).isoformat()}),
        "unseen_data",
        "its training window ends 2013-05-31, less than 1 days before",
    )
    yield (
        "leaking a column known only later",
        sound.but(model=toy.make_model(first=take("known_later"))),
        "inputs",
        "known_later is not declared: it may be known only later",
    )
    yield (
        "declared feature from an undeclared table",
        sound.but(model=replace(sound.model, lookups=(elsewhere,))),
        "inputs",
        "dev.scratch.leaky is not a feature table of this project",
    )
    yield (
        "not tried in a fresh process, in prod",
        sound.but(settings=in_prod),
        "fresh_process",
        "not asked for",
    )
    yield "slow", toy.bend(slow_down), "time", "times the champion's"
    yield "wasteful", toy.bend(waste_memory), "memory", "times the champion's"
    yield (
        "wrong signature",
        sound.but(artifact=replace(artifact, signature=("something",))),
        "signature",
        "the signature has something too",
    )
    yield (
        "missing feature",
        sound.but(artifact=replace(artifact, spec_inputs=SIMPLER.columns)),
        "signature",
        f"the feature spec lacks {INPUT}",
    )
    yield (
        "no input example",
        sound.but(artifact=replace(artifact, has_example=False)),
        "signature",
        "the input example is missing",
    )
    yield (
        "artifact altered after registration",
        sound.but(artifact=replace(artifact, digest="altered")),
        "artifact",
        "not those that training registered",
    )
    yield (
        "artifact that nobody vouches for",
        sound.but(tags={"artifact_digest": ""}),
        "artifact",
        "no digest was recorded",
    )
    yield (
        "requirements that are not pinned",
        sound.but(artifact=replace(artifact, requirements=("a==1.0", "b>=2"))),
        "requirements",
        "b>=2 is not pinned",
    )
    yield "no run", sound.but(record=replace(record, run_id=None)), "lineage", "run is missing"
    yield "no metrics", sound.but(record=replace(record, metrics={})), "lineage", "metrics is"
    yield "no description", sound.but(record=replace(record, description="")), "lineage", "descri"
    yield "no owner", sound.but(tags={"owner": ""}), "lineage", "owner is missing"
    yield (
        "no table versions",
        sound.but(record=replace(record, tables={})),
        "lineage",
        f"version of dev.features.{WARMTH.name} is missing",
    )
    yield (
        "dirty commit in prod",
        sound.but(settings=in_prod, tags={"tree": "dirty"}),
        "code",
        "the tree it was built from is dirty",
    )
    yield (
        "unknown tree in prod",
        sound.but(settings=in_prod, tags={"tree": "unknown"}),
        "code",
        "the tree it was built from is unknown",
    )
    yield (
        "no commit in prod",
        sound.but(settings=in_prod, tags={"code_commit": ""}),
        "code",
        "the commit is not recorded",
    )
