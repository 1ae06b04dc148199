"""Planted challengers: each is blocked, and by the check that is meant for it."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.problem import LABEL, MODEL_INPUTS
from {{ cookiecutter.__package }}.validation.gate import CHECKS, run_check, run_checks
from {{ cookiecutter.__package }}.validation.results import CheckResult, Verdict, decide, judge
from {{ cookiecutter.__package }}.validation.rules import Rules

from ..test_settings import replace as replace_argument
from .cases import FIRST, ROWS, SOUND, WINDOW, Curve, ToyCase, make_model

INSIDE = WINDOW.start + dt.timedelta(days=3)
GENERATOR = np.random.default_rng(9)


def bend(change: Any) -> Any:
    """A challenger whose log-odds are changed."""
    return SOUND.but(model=make_model(Curve(change)))


def slow_down(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    time.sleep(0.02)
    return odds


def waste_memory(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds + np.zeros((len(odds), 200)).sum(axis=1)


def fail_for_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows["carrier"] == "CC", np.nan, odds)


def ignore_one(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return np.where(rows["carrier"] == "CC", GENERATOR.normal(size=len(odds)), odds)


def peek(rows: pd.DataFrame, odds: np.ndarray) -> np.ndarray:
    return odds / (2 if len(rows) == 1 else 1)


IN_PROD = SOUND.settings.from_arguments(replace_argument("target", "prod"))
WITHOUT = tuple(name for name in MODEL_INPUTS if name != "origin_late_share_3h")

# The challenger, and the check that blocks it.
PLANTED: dict[str, tuple[ToyCase, str]] = {
    "random scores": (
        bend(lambda rows, odds: np.random.default_rng(len(rows)).normal(size=len(odds))),
        "not_worse_than_champion",
    ),
    "constant": (bend(lambda rows, odds: odds * 0), "not_worse_than_champion"),
    "inverted": (bend(lambda rows, odds: -odds), "not_worse_than_champion"),
    "random first model": (
        FIRST.but(
            model=make_model(Curve(lambda r, o: np.random.default_rng(1).normal(size=len(o))))
        ),
        "better_than_prior_rate",
    ),
    "first model that is no better than the rule of thumb": (
        FIRST.but(rows=ROWS.assign(origin_late_share_3h=ROWS["distance"])),
        "better_than_rule_of_thumb",
    ),
    "a little worse than the margin": (
        bend(lambda r, o: o + 0.9 * np.random.default_rng(2).normal(size=len(o))),
        "not_worse_than_champion",
    ),
    "trained on the evaluation window": (
        SOUND.but(record=replace(SOUND.record, last_trained=INSIDE)),
        "unseen_data",
    ),
    "evaluation window that overlaps": (
        SOUND.but(tags={"training_end": INSIDE.isoformat()}),
        "unseen_data",
    ),
    "champion trained on the evaluation window": (
        SOUND.but(champion=replace(SOUND.champion, last_trained=INSIDE)),  # type: ignore[type-var]
        "unseen_data",
    ),
    "windows that nobody recorded": (SOUND.but(tags={"training_end": ""}), "unseen_data"),
    "leaking a column known only later": (
        SOUND.but(model=make_model(inputs=(*MODEL_INPUTS, "departure_delay"))),
        "inputs",
    ),
    "personal column among the inputs": (
        SOUND.but(model=make_model(inputs=(*MODEL_INPUTS, "tail_number"))),
        "inputs",
    ),
    "worse on one carrier only": (bend(ignore_one), "slice"),
    "too bold at equal AUC": (bend(lambda r, o: 3 * o), "calibration_slope"),
    "too timid at equal AUC": (bend(lambda r, o: o / 4), "calibration_slope"),
    "far off on average at equal AUC": (bend(lambda r, o: o - 3), "calibration_ratio"),
    "NaN for one category": (bend(fail_for_one), "scores"),
    "alone other than together": (bend(peek), "agreement"),
    "slow": (bend(slow_down), "time"),
    "wasteful": (bend(waste_memory), "memory"),
    "wrong signature": (
        SOUND.but(artifact=replace(SOUND.artifact, signature=("something",))),
        "signature",
    ),
    "missing feature": (
        SOUND.but(artifact=replace(SOUND.artifact, spec_inputs=WITHOUT)),
        "signature",
    ),
    "no input example": (
        SOUND.but(artifact=replace(SOUND.artifact, has_example=False)),
        "signature",
    ),
    "artifact altered after registration": (
        SOUND.but(artifact=replace(SOUND.artifact, digest="altered")),
        "artifact",
    ),
    "artifact that nobody vouches for": (SOUND.but(tags={"artifact_digest": ""}), "artifact"),
    "requirements that are not pinned": (
        SOUND.but(artifact=replace(SOUND.artifact, requirements=("a==1.0", "b>=2"))),
        "requirements",
    ),
    "no run": (SOUND.but(record=replace(SOUND.record, run_id=None)), "lineage"),
    "no metrics": (SOUND.but(record=replace(SOUND.record, metrics={})), "lineage"),
    "no model card": (SOUND.but(record=replace(SOUND.record, description="")), "lineage"),
    "no owner": (SOUND.but(tags={"owner": ""}), "lineage"),
    "dirty commit in prod": (SOUND.but(settings=IN_PROD, tags={"tree": "dirty"}), "code"),
    "unknown tree in prod": (SOUND.but(settings=IN_PROD, tags={"tree": "unknown"}), "code"),
    "no commit in prod": (SOUND.but(settings=IN_PROD, tags={"code_commit": ""}), "code"),
    "30 rows": (SOUND.but(rows=ROWS.head(30)), "evidence"),
    "one class": (SOUND.but(rows=ROWS.assign(**{LABEL: 1.0})), "evidence"),
    "no labels": (SOUND.but(rows=ROWS.assign(**{LABEL: np.nan})), "evidence"),
    "no better, where it must be": (
        SOUND.but(rules=Rules(superiority=True)),
        "better_than_champion",
    ),
    "a model that raises": (bend(lambda r, o: 1 / 0), "scores"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_challenger_is_blocked_by_the_check_meant_for_it(name: str) -> None:
    case, check = PLANTED[name]
    results = run_checks(case)
    assert decide(results).verdict is Verdict.FAILED
    assert check in {result.check for result in results if result.verdict.blocks}


def test_a_sound_first_model_an_equal_and_a_better_challenger_pass() -> None:
    worse = make_model(Curve(lambda r, o: o + np.random.default_rng(1).normal(size=len(o))))
    for case in (FIRST, SOUND, SOUND.but(champion_model=worse, rules=Rules(superiority=True))):
        blocking = [result for result in run_checks(case) if result.verdict.blocks]
        assert blocking == []


def test_a_challenger_that_is_the_champion_is_recognised() -> None:
    (result,) = [r for r in run_checks(SOUND) if r.check == "not_worse_than_champion"]
    assert result.reason == "scores every row as champion version 1 does"


def test_a_dirty_tree_is_reported_where_only_its_author_works() -> None:
    (result,) = [r for r in run_checks(SOUND.but(tags={"tree": "dirty"})) if r.check == "code"]
    assert result.verdict is Verdict.REPORTED


def test_a_small_slice_is_reported_and_not_judged() -> None:
    rows = ROWS.assign(carrier=np.where(np.arange(len(ROWS)) < 100, "ZZ", "AA"))
    slices = {r.slice: r for r in run_checks(SOUND.but(rows=rows)) if r.check == "slice"}
    assert slices["carrier=ZZ"].verdict is Verdict.REPORTED
    assert slices["carrier=AA"].verdict is Verdict.PASSED
    assert {"hour_band=night", "hour_band=evening", "origin=BB"} <= set(slices)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_whatever_goes_wrong_in_a_check_is_a_failed_check(check: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("the registry is away")

    (result,) = run_check(Broken(), check)  # type: ignore[arg-type]
    assert result.verdict is Verdict.FAILED
    assert "OSError: the registry is away" in result.reason


def test_nothing_judged_is_no_reason_to_accept() -> None:
    reported = CheckResult("slice", Verdict.REPORTED, "small")
    assert decide([]).verdict is Verdict.FAILED
    assert decide([reported]).verdict is Verdict.FAILED
    assert decide([CheckResult("auc", judge(True), "good"), reported]).verdict is Verdict.PASSED
    assert decide([CheckResult("evidence", Verdict.INCONCLUSIVE, "few")]).verdict is Verdict.FAILED
