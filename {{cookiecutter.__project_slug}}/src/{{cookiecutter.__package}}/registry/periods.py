"""The three windows of a model version: its training, its evaluation, and the examples it scores.

They follow from a date and from the number of days that a run scores, and never overlap.
"""

from __future__ import annotations

import datetime as dt

from ..platform.windows import Window
from ..settings import to_instant
from ..use_case.problem import PROBLEM


def get_scoring_window(as_of: dt.date, days: int) -> Window:
    """Returns the last `days` before `as_of`, which a run scores and monitors.

    Usage: `get_scoring_window(settings.as_of, settings.window_days)`.
    """
    end = to_instant(as_of)
    return Window(end - dt.timedelta(days=days), end)


def get_evaluation_window(as_of: dt.date, days: int) -> Window:
    """Returns the stretch before the scoring window; no model of this `as_of` is trained on it."""
    end = get_scoring_window(as_of, days).start
    return Window(end - dt.timedelta(days=PROBLEM.evaluation_days), end)


def get_training_window(as_of: dt.date, days: int) -> Window:
    """Returns the stretch before the evaluation window, with a gap in which labels arrive."""
    end = get_evaluation_window(as_of, days).start - PROBLEM.label_delay
    start = end - dt.timedelta(days=PROBLEM.training_days)
    return Window(max(PROBLEM.first_day, start), end)
