"""Challengers that must be blocked, each with the check meant for it; and one that passes."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from databricks.feature_engineering import FeatureLookup
from scipy.special import expit

from {{ cookiecutter.__package }}.platform.problem import LABEL
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toys import NUMBER
from .cases import CHAMPION, FIRST, INPUT, ROWS, RULE, SOUND, WINDOW, Curve, ToyCase, make_model

# A text by which rows are sliced.
TEXT = next(name for name in PROBLEM.name_slices(ROWS) if name in PROBLEM.categories)
ALL, NOUNS, EVENT = PROBLEM.model_inputs, PROBLEM.nouns, PROBLEM.event

INSIDE = WINDOW.start + dt.timedelta(days=3)
GENERATOR = np.random.default_rng(9)


def bend(change: Any) -> Any:
    """A challenger whose log-odds are changed."""
    return SOUND.but(model=make_model(Curve(change)))


def slow_down(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    time.sleep(0.02)
    return odds


def waste_memory(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds + np.ones((len(odds), 4_000)).sum(axis=1) * 0


def fail_for_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[TEXT] == "CC", np.nan, odds)


def ignore_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[TEXT] == "CC", GENERATOR.normal(size=len(odds)), odds)


def fail_for_nulls(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows[NUMBER].isna(), np.nan, odds)


def fail_beyond(limit: float) -> Any:
    return bend(lambda rows, odds: np.where(rows[NUMBER] * np.sign(limit) > 1e9, np.nan, odds))


def peek(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds / (2 if len(rows) == 1 else 1)


IN_PROD = SOUND.settings.model_copy(update={"target": "prod"})
SUPERIOR = SOUND.settings.model_copy(update={"superiority": True})
ON_ONE_DAY = ROWS[PROBLEM.event_time].dt.day == 5
NOISE = np.random.default_rng(3).normal(size=len(ROWS))
RARE = ROWS.assign(**{LABEL: ROWS[LABEL] * (np.random.default_rng(4).random(len(ROWS)) < 0.3)})
ELSEWHERE = FeatureLookup(
    table_name="dev.scratch.leaky",
    lookup_key=PROBLEM.lookups[0].lookup_keys,
    timestamp_lookup_key="prediction_at",
    feature_names=[INPUT],
)
WITHOUT = tuple(name for name in ALL if name != INPUT)
FEWER = SOUND.but(
    model=make_model(inputs=WITHOUT),
    artifact=replace(SOUND.artifact, signature=WITHOUT, spec_inputs=WITHOUT),
    rows=ROWS.drop(columns=INPUT),
    champions=ROWS,
)

# The challenger, the check that blocks it, and what that check says.
PLANTED: dict[str, tuple[ToyCase, str, str]] = {
    "random scores": (
        bend(lambda rows, odds: np.random.default_rng(len(rows)).normal(size=len(odds))),
        "not_worse_than_champion",
        "AUC -0.2",
    ),
    "constant": (bend(lambda rows, odds: odds * 0), "not_worse_than_champion", "AUC -0.2"),
    "inverted": (bend(lambda rows, odds: -odds), "not_worse_than_champion", "AUC -0.4"),
    "random first model": (
        FIRST.but(
            model=make_model(Curve(lambda r, o: np.random.default_rng(1).normal(size=len(o))))
        ),
        "better_than_prior_rate",
        "above prior rate",
    ),
    "random first model, by chance alone": (
        FIRST.but(
            model=make_model(Curve(lambda r, o: np.random.default_rng(1).normal(size=len(o))))
        ),
        "auc",
        "AUC 0.5",
    ),
    "first model that is no better than the rule of thumb": (
        FIRST.but(rows=ROWS.assign(**{INPUT: ROWS[NUMBER]})),
        f"better_than_{RULE}",
        f"AUC 0.000 (0.000 to 0.000) above {RULE.replace('_', ' ')}",
    ),
    "first model that is miscalibrated": (
        FIRST.but(model=make_model(Curve(lambda r, o: o - 3))),
        "log_loss_difference",
        "beside the rate of its training",
    ),
    "a little worse than the margin": (
        bend(lambda r, o: o + 0.9 * np.random.default_rng(2).normal(size=len(o))),
        "not_worse_than_champion",
        "beside champion version 1",
    ),
    "trained on the evaluation window": (
        SOUND.but(record=replace(SOUND.record, last_trained=INSIDE)),
        "unseen_data",
        "version 2: its last training row is of 2013-06-04",
    ),
    "evaluation window that overlaps": (
        SOUND.but(tags={"training_end": INSIDE.isoformat()}),
        "unseen_data",
        "version 2: its training window ends 2013-06-04",
    ),
    "champion trained on the evaluation window": (
        SOUND.but(champion=replace(CHAMPION, last_trained=INSIDE)),
        "unseen_data",
        "version 1: its last training row is of 2013-06-04",
    ),
    "windows that nobody recorded": (
        SOUND.but(tags={"training_end": ""}),
        "unseen_data",
        "version 2 does not say when",
    ),
    "leaking a column known only later": (
        SOUND.but(model=make_model(inputs=(*ALL, "known_later"))),
        "inputs",
        "known_later is not declared: it may be known only later",
    ),
    "declared feature from an undeclared table": (
        SOUND.but(model=replace(SOUND.model, lookups=(ELSEWHERE,))),
        "inputs",
        "dev.scratch.leaky is not a feature table of this project",
    ),
    "evaluation window within the delay of labels": (
        SOUND.but(tags={"training_end": (WINDOW.start - dt.timedelta(hours=12)).isoformat()}),
        "unseen_data",
        "its training window ends 2013-05-31, less than 1 days before",
    ),
    "worse on one day, which few days cannot tell from chance": (
        SOUND.but(
            rows=ROWS.assign(**{NUMBER: ROWS[NUMBER] + 1.5 * NOISE * ON_ONE_DAY}),
            champions=ROWS,
        ),
        "not_worse_than_champion",
        "beside champion version 1",
    ),
    "far too many late on average": (SOUND.but(rows=RARE), "calibration_ratio", "0.4 to 2.5"),
    "NaN for nulls": (bend(fail_for_nulls), "edge_rows", "nulls: 8 of 8"),
    "NaN for large numbers": (fail_beyond(1), "edge_rows", "large numbers: 8 of 8"),
    "NaN for small numbers": (fail_beyond(-1), "edge_rows", "small numbers: 8 of 8"),
    "NaN for a row alone": (
        bend(lambda r, o: o * (np.nan if len(r) == 1 else 1)),
        "edge_rows",
        "one row: 1 of 1",
    ),
    "not tried in a fresh process, in prod": (
        SOUND.but(settings=IN_PROD),
        "fresh_process",
        "not asked for",
    ),
    "worse on one slice only": (bend(ignore_one), "slice", "beside the champion"),
    "too bold at equal AUC": (bend(lambda r, o: 3 * o), "calibration_slope", "slope 0.3"),
    "too timid at equal AUC": (bend(lambda r, o: o / 4), "calibration_slope", "slope 3.9"),
    "bolder than the champion at equal AUC": (
        bend(lambda r, o: 1.8 * o),
        "log_loss_difference",
        "beside the champion's",
    ),
    "more timid than the champion at equal AUC": (
        bend(lambda r, o: 0.55 * o),
        "log_loss_difference",
        "beside the champion's",
    ),
    "half the chance at equal AUC": (
        bend(lambda r, o: np.log(expit(o) / 2 / (1 - expit(o) / 2))),
        "log_loss_difference",
        "beside the champion's",
    ),
    "far off on average at equal AUC": (
        bend(lambda r, o: o - 3),
        "calibration_ratio",
        f" {EVENT}, ",
    ),
    "NaN for one category": (bend(fail_for_one), "scores", "scores are not probabilities"),
    "NaN for what was never seen": (
        bend(lambda rows, odds: np.where(rows[TEXT] == "??", np.nan, odds)),
        "edge_rows",
        "unseen categories: 8 of 8 are not probabilities",
    ),
    "alone other than together": (bend(peek), "agreement", "alone and together differ by 0."),
    "slow": (bend(slow_down), "time", "times the champion's"),
    "wasteful": (bend(waste_memory), "memory", "times the champion's"),
    "wrong signature": (
        SOUND.but(artifact=replace(SOUND.artifact, signature=("something",))),
        "signature",
        "the signature has something too",
    ),
    "missing feature": (
        SOUND.but(artifact=replace(SOUND.artifact, spec_inputs=WITHOUT)),
        "signature",
        f"the feature spec lacks {INPUT}",
    ),
    "no input example": (
        SOUND.but(artifact=replace(SOUND.artifact, has_example=False)),
        "signature",
        "the input example is missing",
    ),
    "artifact altered after registration": (
        SOUND.but(artifact=replace(SOUND.artifact, digest="altered")),
        "artifact",
        "not those that training registered",
    ),
    "artifact that nobody vouches for": (
        SOUND.but(tags={"artifact_digest": ""}),
        "artifact",
        "no digest was recorded",
    ),
    "requirements that are not pinned": (
        SOUND.but(artifact=replace(SOUND.artifact, requirements=("a==1.0", "b>=2"))),
        "requirements",
        "b>=2 is not pinned",
    ),
    "no run": (SOUND.but(record=replace(SOUND.record, run_id=None)), "lineage", "run is missing"),
    "no metrics": (
        SOUND.but(record=replace(SOUND.record, metrics={})),
        "lineage",
        "metrics is missing",
    ),
    "no description": (
        SOUND.but(record=replace(SOUND.record, description="")),
        "lineage",
        "description is missing",
    ),
    "no owner": (SOUND.but(tags={"owner": ""}), "lineage", "owner is missing"),
    "no table versions": (
        SOUND.but(record=replace(SOUND.record, tables={})),
        "lineage",
        f"version of dev.features.{PROBLEM.lookups[0].name} is missing",
    ),
    "dirty commit in prod": (
        SOUND.but(settings=IN_PROD, tags={"tree": "dirty"}),
        "code",
        "the tree it was built from is dirty",
    ),
    "unknown tree in prod": (
        SOUND.but(settings=IN_PROD, tags={"tree": "unknown"}),
        "code",
        "the tree it was built from is unknown",
    ),
    "no commit in prod": (
        SOUND.but(settings=IN_PROD, tags={"code_commit": ""}),
        "code",
        "the commit is not recorded",
    ),
    "30 rows": (SOUND.but(rows=ROWS.head(30)), "labelled_rows", f"12000 {NOUNS}, 30 with a label"),
    "no rows": (SOUND.but(rows=ROWS.head(0)), "labelled_rows", f"12000 {NOUNS}, 0 with a label"),
    "one class": (
        SOUND.but(rows=ROWS.assign(**{LABEL: 1.0})),
        "labelled_rows",
        f"12000 with a label, 12000 {EVENT}",
    ),
    "labels that are missing": (
        SOUND.but(scheduled=2 * len(ROWS)),
        "labelled_rows",
        f"24000 {NOUNS}, 12000 with a label",
    ),
    "no better, where it must be": (
        SOUND.but(settings=SUPERIOR),
        "better_than_champion",
        "scores every row as champion version 1 does",
    ),
    "a model that raises": (
        bend(lambda r, o: 1 / 0),
        "scores",
        "ZeroDivisionError: division by zero",
    ),
}
