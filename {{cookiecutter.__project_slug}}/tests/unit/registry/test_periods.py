"""Training, evaluation and scoring never overlap, and follow from the date alone."""

from __future__ import annotations

from {{ cookiecutter.__package }}.registry.periods import (
    get_evaluation_window,
    get_scoring_window,
    get_training_window,
)
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS


def test_each_window_ends_before_the_next_begins() -> None:
    settings = Settings.from_arguments(ARGUMENTS)
    asked = (settings.as_of, settings.window_days)
    training, evaluation = get_training_window(*asked), get_evaluation_window(*asked)
    scoring = get_scoring_window(*asked)
    assert PROBLEM.first_day <= training.start < training.end
    assert training.end == evaluation.start - PROBLEM.label_delay
    assert evaluation.end == scoring.start
    assert scoring.end == settings.cutoff
