"""The view that tells which prediction counts today."""

from __future__ import annotations

from ..platform.sql import quote_name
from ..platform.views import View
from ..registry.tables import PROMOTIONS
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import PREDICTIONS


def _select_in_force(settings: Settings) -> str:
    history = quote_name(PREDICTIONS.full_name(settings))
    promotions = quote_name(PROMOTIONS.full_name(settings))
    # Of rows that share a number, the earliest counts, as for `read_promotions`.
    order = "struct(as_of, number, -unix_micros(changed_at))"
    columns = ", ".join(f"made.{quote_name(name)}" for name in PREDICTIONS.column_names)
    return (
        f"SELECT {columns} FROM {history} AS made JOIN"
        f" (SELECT max_by(model_version, {order}) AS champion FROM {promotions}) AS last"
        " ON made.model_version = last.champion"
    )


PREDICTIONS_IN_FORCE = View(
    "predictions",
    "predictions_in_force",
    f"One row per {PROBLEM.noun}: the prediction of today's champion. Where the champion has not"
    " scored, there is none until inference has run.",
    tuple(PREDICTIONS.column_names),
    _select_in_force,
)
