"""Planted challengers: each is blocked, and by the check that is meant for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.platform.estimates import estimate
from {{ cookiecutter.__package }}.platform.vocabulary import Column
from {{ cookiecutter.__package }}.validation import compliance
from {{ cookiecutter.__package }}.validation.compliance import (
    check_code,
    check_inputs,
    check_lineage,
)
from {{ cookiecutter.__package }}.validation.gate import CHECKS, run_check, run_checks
from {{ cookiecutter.__package }}.validation.infrastructure import check_memory
from {{ cookiecutter.__package }}.validation.performance import (
    check_baselines,
    check_champion,
    check_loss,
    check_slices,
)
from {{ cookiecutter.__package }}.validation.results import CheckResult, Verdict, decide, judge

from .cases import TOYS, Toy, ToyCase
from .planted import NOISE, SIMPLER, disturb, make_noise, plant_records, plant_scores, take
from .problems import INPUT, TEXT, THINGS, play

BINARY = TOYS["binary"]
SOUND, ROWS = BINARY.sound, BINARY.rows

# All but the one that starts processes.
QUICK = [check for check in CHECKS if check is not check_memory]


PLANTED = {
    f"{name}: {kind}": (toy, case, check, reason)
    for kind, toy in TOYS.items()
    for plant in ((plant_scores, plant_records) if toy is BINARY else (plant_scores,))
    for name, case, check, reason in plant(toy)
}


@pytest.fixture(autouse=True)
def binary() -> Iterator[None]:
    """The toy problem of two classes, where a test does not say another one."""
    with play(BINARY.problem):
        yield


@pytest.fixture(params=TOYS)
def toy(request: pytest.FixtureRequest) -> Iterator[Toy]:
    """Each toy problem."""
    found = TOYS[request.param]
    with play(found.problem):
        yield found


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_challenger_is_blocked_by_the_check_meant_for_it(name: str) -> None:
    toy, case, check, reason = PLANTED[name]
    with play(toy.problem):
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
    first, *others = BINARY.problem.inputs
    inputs = (replace(first, sources=(source,)), *others)
    examples = replace(THINGS, columns=(*THINGS.columns, *filter(None, [column])))
    problem = replace(BINARY.problem, inputs=inputs, examples=examples)
    monkeypatch.setattr(compliance, "PROBLEM", problem)
    (result,) = run_check(SOUND, check_inputs)
    assert result.verdict is Verdict.FAILED
    assert result.reason == f"{inputs[0].name} is made of {source}, {fault}"


def test_an_undeclared_input_is_said_to_be_what_contracts_say_of_its_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    personal = {"things.plate": Column("plate", "string", "", personal="hash")}
    monkeypatch.setattr(compliance, "COLUMNS", personal)
    case = SOUND.but(model=BINARY.make_model(first=take("plate")))
    (result,) = run_check(case, check_inputs)
    assert "plate is not declared: personal data" in result.reason


def test_a_sound_first_model_an_equal_a_better_and_a_simpler_challenger_pass(toy: Toy) -> None:
    sound = toy.sound
    superior = sound.settings.model_copy(update={"superiority": True})
    better = sound.but(champion_model=toy.make_model(disturb(1.0)), settings=superior)
    fewer = sound.but(
        model=toy.make_model(first=SIMPLER),
        artifact=replace(sound.artifact, signature=SIMPLER.columns, spec_inputs=SIMPLER.columns),
        rows=toy.rows.drop(columns=INPUT),
        champions=toy.rows,
    )
    for case in (toy.first, sound, fewer, better):
        checks = CHECKS if toy is BINARY else QUICK
        blocking = [result for result in run_checks(case, checks) if result.verdict.blocks]
        assert blocking == []


@pytest.mark.parametrize("check", ["not_worse_than_champion", "slice"])
def test_the_margins_are_those_of_the_settings(check: str, toy: Toy) -> None:
    much = 0.9 if toy.kind.top == "greatest" or check != "slice" else 2.5
    case = toy.bend(disturb(much))
    wide = toy.sound.settings.model_copy(update={"champion_share": 0.99, "slice_share": 0.99})

    def find_blocking(case: ToyCase) -> set[str]:
        return {r.check for r in run_checks(case, QUICK) if r.verdict.blocks}

    assert check in find_blocking(case)
    assert check not in find_blocking(case.but(settings=wide))


def test_a_margin_is_a_share_of_the_champions_gain_over_naive_scores(toy: Toy) -> None:
    metric, labels = toy.kind.primary, toy.kind.encode(toy.rows["label"])
    case = toy.bend(disturb(0.2))
    naive = toy.kind.score_naively(metric, case.record.metrics, len(toy.rows))
    gain = metric.measure_gain(labels, toy.sound.champion_scores, naive).value
    (result,) = run_check(case, check_champion)
    assert result.threshold == pytest.approx(-case.settings.champion_share * gain)


def test_beside_a_champion_that_is_no_better_than_naive_a_challenger_is_a_first_model(
    toy: Toy,
) -> None:
    case = toy.sound.but(champion_model=toy.make_model(make_noise))
    results = run_checks(case, [check_loss, check_champion, check_baselines, check_slices])
    assert decide(results).verdict is Verdict.PASSED
    (beside,) = (r for r in results if r.check == "not_worse_than_champion")
    assert beside.verdict is Verdict.REPORTED
    assert "which is not surely better than naive scores" in beside.reason
    rules = [r for r in results if r.check.startswith("better_than_")]
    assert len(rules) == len(toy.problem.baselines)


def test_the_margin_of_a_slice_is_corrected_for_their_number() -> None:
    chosen = (ROWS[TEXT] == "CC").to_numpy()
    case = BINARY.bend(lambda rows, odds: np.where(chosen, odds + NOISE, odds))
    metric, labels = BINARY.kind.primary, BINARY.kind.encode(ROWS["label"])
    gain = metric.measure_gain(labels[chosen], case.scores[chosen], SOUND.scores[chosen])
    alone = estimate(gain, BINARY.problem.name_cluster(ROWS).to_numpy()[chosen])
    (result, *_) = (r for r in run_checks(case, [check_slices]) if r.name == f"slice {TEXT}=CC")
    assert result.estimate
    assert result.estimate.upper > alone.upper
    yardstick = -(result.threshold or 0) / case.settings.slice_share
    share = (-alone.upper - 1e-4) / yardstick
    settings = case.settings.model_copy(update={"slice_share": share})
    results = run_checks(case.but(settings=settings), [check_slices])
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
    assert "by scoring every row as champion version 1 does" in result.reason


def test_a_dirty_tree_is_reported_where_only_its_author_works() -> None:
    (result,) = run_check(SOUND.but(tags={"tree": "dirty"}), check_code)
    assert result.verdict is Verdict.REPORTED


def test_a_small_slice_is_reported_and_not_judged() -> None:
    rows = ROWS.assign(**{TEXT: np.where(np.arange(len(ROWS)) < 100, "ZZ", "AA")})
    results = run_checks(SOUND.but(rows=rows), [check_slices])
    slices = {r.slice: r for r in results if r.check == "slice"}
    assert slices[f"{TEXT}=ZZ"].verdict is Verdict.REPORTED
    assert slices[f"{TEXT}=AA"].verdict is Verdict.PASSED
    assert {name.split("=")[0] for name in slices} == {TEXT}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_whatever_goes_wrong_in_a_check_is_a_failed_check(check: Any) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("the registry is away")

    broken: Any = Broken()
    (result,) = run_check(broken, check)
    assert result.verdict is Verdict.FAILED
    assert "OSError: the registry is away" in result.reason


def test_an_error_is_told_in_one_line_however_long_it_is() -> None:
    def check_rows(_: Any) -> Iterator[CheckResult]:
        raise ValueError("wrong:\n" + "0   9E  JAX\n" * 100)

    (result,) = run_check(SOUND, check_rows)
    assert result.reason.startswith("ValueError: wrong: 0 9E JAX 0 9E")
    assert result.reason.endswith(" ...")
    assert len(result.reason) < 510


UNJUDGED = SOUND.settings.model_copy(update={"judge_quality": False})


def test_where_quality_is_not_judged_a_poor_version_passes_and_an_altered_one_does_not() -> None:
    poor = BINARY.bend(lambda rows, odds: -odds).but(settings=UNJUDGED)
    results = run_checks(poor, QUICK)
    assert decide(results).verdict is Verdict.PASSED
    (result,) = (result for result in results if result.check == "better_than_naive")
    assert result.verdict is Verdict.REPORTED
    assert decide(run_checks(poor.but(settings=SOUND.settings), QUICK)).verdict is Verdict.FAILED
    results = run_checks(poor.but(tags={"artifact_digest": "altered"}), QUICK)
    assert decide(results).verdict is Verdict.FAILED


def test_nothing_judged_is_no_reason_to_accept() -> None:
    reported = CheckResult("slice", Verdict.REPORTED, "small")
    assert decide([]).verdict is Verdict.FAILED
    assert decide([reported]).verdict is Verdict.FAILED
    assert decide([CheckResult("loss", judge(True), "good"), reported]).verdict is Verdict.PASSED
    assert (
        decide([CheckResult("labelled_rows", Verdict.INCONCLUSIVE, "few")]).verdict
        is Verdict.FAILED
    )
