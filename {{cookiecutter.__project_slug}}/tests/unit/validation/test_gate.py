"""Planted challengers: each is blocked, and by the check that is meant for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.platform.problem import LABEL
from {{ cookiecutter.__package }}.platform.vocabulary import Column
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
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
from .planted import FEWER, NOISE, PLANTED, SUPERIOR, TEXT, bend

# All but the one that starts processes.
QUICK = [check for check in CHECKS if check is not check_memory]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_challenger_is_blocked_by_the_check_meant_for_it(name: str) -> None:
    case, check, reason = PLANTED[name]
    results = run_checks(case, CHECKS if check == "memory" else QUICK)
    assert decide(results).verdict is Verdict.FAILED
    said = [result.reason for result in results if result.check == check and result.verdict.blocks]
    assert any(reason in line for line in said), said


REFUSED = {
    "things.plate": (Column("plate", "string", "", personal="hash"), "personal data"),
    "things.end": (Column("end", "double", "", forbidden="known too late"), "known too late"),
    "things.colour": (None, "which no contract knows"),
}


@pytest.mark.parametrize(("source", "column", "fault"), [(k, *v) for k, v in REFUSED.items()])
def test_a_declared_input_that_is_made_of_what_no_model_may_use_blocks(
    monkeypatch: pytest.MonkeyPatch, source: str, column: Column | None, fault: str
) -> None:
    monkeypatch.setattr(compliance, "COLUMNS", {**compliance.COLUMNS, source: column})
    inputs = tuple(
        replace(c, sources=(source,)) if c.name == PROBLEM.inputs[0].name else c
        for c in PROBLEM.inputs
    )
    monkeypatch.setattr(compliance, "PROBLEM", replace(PROBLEM, inputs=inputs))
    (result,) = run_check(SOUND, check_inputs)
    assert result.verdict is Verdict.FAILED
    assert result.reason == f"{inputs[0].name} is made of {source}, {fault}"


def test_an_undeclared_input_is_said_to_be_what_contracts_say_of_its_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    personal = {"things.plate": Column("plate", "string", "", personal="hash")}
    monkeypatch.setattr(compliance, "COLUMNS", personal)
    case = SOUND.but(model=make_model(inputs=(*PROBLEM.model_inputs, "plate")))
    (result,) = run_check(case, check_inputs)
    assert "plate is not declared: personal data" in result.reason


def test_every_declared_input_is_made_of_columns_that_contracts_know() -> None:
    sources = {s for made_of in PROBLEM.list_input_sources().values() for s in made_of}
    assert {find_source_fault(source) for source in sources} == {None}


def test_a_sound_first_model_an_equal_a_better_and_a_simpler_challenger_pass() -> None:
    worse = make_model(Curve(lambda r, o: o + np.random.default_rng(1).normal(size=len(o))))
    better = SOUND.but(champion_model=worse, settings=SUPERIOR)
    for case in (FIRST, SOUND, FEWER, better):
        blocking = [result for result in run_checks(case) if result.verdict.blocks]
        assert blocking == []


@pytest.mark.parametrize("name", ["a little worse than the margin", "worse on one slice only"])
def test_the_margins_are_those_of_the_settings(name: str) -> None:
    wide = SOUND.settings.model_copy(update={"champion_margin": 0.5, "slice_margin": 0.5})
    case, check, _ = PLANTED[name]
    blocking = {r.check for r in run_checks(case.but(settings=wide), QUICK) if r.verdict.blocks}
    assert check not in blocking


def test_the_margin_of_a_slice_is_corrected_for_their_number() -> None:
    chosen = (ROWS[TEXT] == "CC").to_numpy()
    case = bend(lambda rows, odds: np.where(chosen, odds + NOISE, odds))
    labels, days = ROWS[LABEL].to_numpy()[chosen], PROBLEM.name_cluster(ROWS).to_numpy()[chosen]
    alone = estimate_auc_difference(labels, case.scores[chosen], SOUND.scores[chosen], days)
    margin = -alone.upper - 1e-4
    settings = case.settings.model_copy(update={"slice_margin": margin})
    results = run_check(case.but(settings=settings), check_slices)
    assert alone.upper < -margin
    assert [r.verdict for r in results if r.name == f"slice {TEXT}=CC"] == [Verdict.PASSED]


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
    rows = ROWS.assign(**{TEXT: np.where(np.arange(len(ROWS)) < 100, "ZZ", "AA")})
    results = run_checks(SOUND.but(rows=rows), [check_slices])
    slices = {r.slice: r for r in results if r.check == "slice"}
    assert slices[f"{TEXT}=ZZ"].verdict is Verdict.REPORTED
    assert slices[f"{TEXT}=AA"].verdict is Verdict.PASSED
    assert {name.split("=")[0] for name in slices} == set(PROBLEM.name_slices(rows))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_whatever_goes_wrong_in_a_check_is_a_failed_check(check: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("the registry is away")

    broken: Any = Broken()
    (result,) = run_check(broken, check)
    assert result.verdict is Verdict.FAILED
    assert "OSError: the registry is away" in result.reason


UNJUDGED = SOUND.settings.model_copy(update={"judge_quality": False})


def test_where_quality_is_not_judged_a_poor_version_passes_and_an_altered_one_does_not() -> None:
    poor = bend(lambda rows, odds: -odds).but(settings=UNJUDGED)
    results = run_checks(poor, QUICK)
    assert decide(results).verdict is Verdict.PASSED
    (auc,) = (result for result in results if result.check == "auc")
    assert auc.verdict is Verdict.REPORTED
    assert decide(run_checks(poor.but(settings=SOUND.settings), QUICK)).verdict is Verdict.FAILED
    results = run_checks(poor.but(tags={"artifact_digest": "altered"}), QUICK)
    assert decide(results).verdict is Verdict.FAILED


def test_nothing_judged_is_no_reason_to_accept() -> None:
    reported = CheckResult("slice", Verdict.REPORTED, "small")
    assert decide([]).verdict is Verdict.FAILED
    assert decide([reported]).verdict is Verdict.FAILED
    assert decide([CheckResult("auc", judge(True), "good"), reported]).verdict is Verdict.PASSED
    assert (
        decide([CheckResult("labelled_rows", Verdict.INCONCLUSIVE, "few")]).verdict
        is Verdict.FAILED
    )
