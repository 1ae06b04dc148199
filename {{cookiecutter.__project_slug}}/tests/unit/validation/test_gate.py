"""Planted challengers: each is blocked, and by the check that is meant for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.use_case.inputs import list_input_sources
from {{ cookiecutter.__package }}.use_case.problem import LABEL, name_days
from {{ cookiecutter.__package }}.validation import compliance
from {{ cookiecutter.__package }}.validation.compliance import (
    check_code,
    check_inputs,
    check_lineage,
    find_source_fault,
)
from {{ cookiecutter.__package }}.validation.gate import CHECKS, run_check, run_checks
from {{ cookiecutter.__package }}.validation.infrastructure import check_memory
from {{ cookiecutter.__package }}.validation.performance import check_slices
from {{ cookiecutter.__package }}.validation.results import CheckResult, Verdict, decide, judge
from {{ cookiecutter.__package }}.validation.statistics import estimate_auc_difference

from .cases import FIRST, ROWS, SOUND, Curve, make_model
from .planted import FEWER, NOISE, PLANTED, SUPERIOR, bend

# All but the one that starts processes.
QUICK = [check for check in CHECKS if check is not check_memory]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_challenger_is_blocked_by_the_check_meant_for_it(name: str) -> None:
    case, check, reason = PLANTED[name]
    results = run_checks(case, CHECKS if check == "memory" else QUICK)
    assert decide(results).verdict is Verdict.FAILED
    said = [result.reason for result in results if result.check == check and result.verdict.blocks]
    assert any(reason in line for line in said), said


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("flights.tail_number", "personal data"),
        ("outcomes.departure_delay", "known only when the flight departs, after the prediction"),
        ("flights.colour", "which no contract knows"),
        ("flights.distance", None),
    ],
)
def test_what_an_input_is_made_of_decides(source: str, fault: str | None) -> None:
    assert find_source_fault(source) == fault


@pytest.mark.parametrize("source", ["flights.tail_number", "outcomes.departure_delay"])
def test_a_declared_input_that_is_made_of_what_no_model_may_use_blocks(
    monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    declared = {**list_input_sources(), "distance": (source,)}
    monkeypatch.setattr(compliance, "list_input_sources", lambda: declared)
    (result,) = run_check(SOUND, check_inputs)
    assert result.verdict is Verdict.FAILED
    assert result.reason == f"distance is made of {source}, {find_source_fault(source)}"


def test_every_declared_input_is_made_of_columns_that_contracts_know() -> None:
    sources = {source for made_of in list_input_sources().values() for source in made_of}
    assert {find_source_fault(source) for source in sources} == {None}


def test_a_sound_first_model_an_equal_a_better_and_a_simpler_challenger_pass() -> None:
    worse = make_model(Curve(lambda r, o: o + np.random.default_rng(1).normal(size=len(o))))
    better = SOUND.but(champion_model=worse, settings=SUPERIOR)
    for case in (FIRST, SOUND, FEWER, better):
        blocking = [result for result in run_checks(case) if result.verdict.blocks]
        assert blocking == []


@pytest.mark.parametrize("name", ["a little worse than the margin", "worse on one carrier only"])
def test_the_margins_are_those_of_the_settings(name: str) -> None:
    wide = SOUND.settings.model_copy(update={"champion_margin": 0.5, "slice_margin": 0.5})
    case, check, _ = PLANTED[name]
    blocking = {r.check for r in run_checks(case.but(settings=wide), QUICK) if r.verdict.blocks}
    assert check not in blocking


def test_the_margin_of_a_slice_is_corrected_for_their_number() -> None:
    chosen = (ROWS["carrier"] == "CC").to_numpy()
    case = bend(lambda rows, odds: np.where(chosen, odds + NOISE, odds))
    labels, days = ROWS[LABEL].to_numpy()[chosen], name_days(ROWS).to_numpy()[chosen]
    alone = estimate_auc_difference(labels, case.scores[chosen], SOUND.scores[chosen], days)
    margin = -alone.upper - 1e-4
    settings = case.settings.model_copy(update={"slice_margin": margin})
    results = run_check(case.but(settings=settings), check_slices)
    assert alone.upper < -margin
    assert [r.verdict for r in results if r.name == "slice carrier=CC"] == [Verdict.PASSED]


@pytest.mark.parametrize(
    "tag",
    ["as_of", "code_digest", "owner", "package_version", "training_start", "training_end",
     "evaluation_start"],
)  # fmt: skip
def test_a_fact_of_the_training_that_is_missing_blocks(tag: str) -> None:
    (result,) = run_check(SOUND.but(tags={tag: ""}), check_lineage)
    assert result.verdict is Verdict.FAILED
    assert f"{tag} is missing" in result.reason


def test_a_challenger_that_is_the_champion_is_recognised() -> None:
    (result,) = [r for r in run_checks(SOUND, QUICK) if r.check == "not_worse_than_champion"]
    assert result.reason == "scores every row as champion version 1 does"


def test_a_dirty_tree_is_reported_where_only_its_author_works() -> None:
    (result,) = run_check(SOUND.but(tags={"tree": "dirty"}), check_code)
    assert result.verdict is Verdict.REPORTED


def test_a_small_slice_is_reported_and_not_judged() -> None:
    rows = ROWS.assign(carrier=np.where(np.arange(len(ROWS)) < 100, "ZZ", "AA"))
    results = run_checks(SOUND.but(rows=rows), [check_slices])
    slices = {r.slice: r for r in results if r.check == "slice"}
    assert slices["carrier=ZZ"].verdict is Verdict.REPORTED
    assert slices["carrier=AA"].verdict is Verdict.PASSED
    assert {"hour_band=night", "hour_band=evening", "origin=BB"} <= set(slices)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_whatever_goes_wrong_in_a_check_is_a_failed_check(check: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("the registry is away")

    broken: Any = Broken()
    (result,) = run_check(broken, check)
    assert result.verdict is Verdict.FAILED
    assert "OSError: the registry is away" in result.reason


def test_nothing_judged_is_no_reason_to_accept() -> None:
    reported = CheckResult("slice", Verdict.REPORTED, "small")
    assert decide([]).verdict is Verdict.FAILED
    assert decide([reported]).verdict is Verdict.FAILED
    assert decide([CheckResult("auc", judge(True), "good"), reported]).verdict is Verdict.PASSED
    assert (
        decide([CheckResult("labelled_rows", Verdict.INCONCLUSIVE, "few")]).verdict
        is Verdict.FAILED
    )
