"""The three stretches of time that a model version is trained, judged and used on."""

from __future__ import annotations

import datetime as dt

from ..platform.windows import Window
from ..settings import Settings
from ..use_case.problem import FIRST_DAY, LABEL_DELAY

EVALUATION_DAYS = 28
TRAINING_DAYS = 365


def get_scoring_window(settings: Settings) -> Window:
    """The last `window_days` before `as_of`: what a run scores and monitors."""
    return Window(settings.cutoff - dt.timedelta(days=settings.window_days), settings.cutoff)


def get_evaluation_window(settings: Settings) -> Window:
    """The stretch before the scoring window, which no model of this `as_of` is trained on."""
    end = get_scoring_window(settings).start
    return Window(end - dt.timedelta(days=EVALUATION_DAYS), end)


def get_training_window(settings: Settings) -> Window:
    """The stretch before the evaluation window, with a gap for labels, from where data begins."""
    end = get_evaluation_window(settings).start - LABEL_DELAY
    return Window(max(FIRST_DAY, end - dt.timedelta(days=TRAINING_DAYS)), end)
