"""The view that tells which prediction counts today."""

from __future__ import annotations

from ..platform.sql import quote_name
from ..platform.views import View
from ..registry.tables import PROMOTIONS
from ..settings import Settings
from ..use_case.problem import PROBLEM
from .tables import PREDICTIONS, UNSCORED

IN_FORCE = tuple(name for name in PREDICTIONS.column_names if name != UNSCORED)


def select_in_force(history: str, barred: str, within: str = "TRUE") -> str:
    """Writes the query of the predictions in force.

    Args:
        history: A table of predictions, in SQL.
        barred: Selects the column `version`: the versions that were rolled back from.
        within: A condition on the rows that are looked at.
    """
    columns = ", ".join(map(quote_name, IN_FORCE))
    key = ", ".join(map(quote_name, PROBLEM.key))
    order = "days_ahead IS NULL, as_of DESC, model_version DESC"
    return (
        f"SELECT {columns} FROM"
        f" (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS `rank` FROM"
        f" {history} LEFT ANTI JOIN ({barred}) AS barred"
        f" ON model_version = barred.version WHERE {UNSCORED} IS NULL AND {within})"
        " WHERE `rank` = 1"
    )


def _select_todays(settings: Settings) -> str:
    history = quote_name(PREDICTIONS.full_name(settings))
    return select_in_force(history, _select_barred(settings))


def _select_barred(settings: Settings) -> str:
    """Selects the versions that were rolled back from, as `list_barred` lists them."""
    promotions = quote_name(PROMOTIONS.full_name(settings))
    # Of rows that share a number, the earliest counts, as for `read_promotions`.
    counted = (
        "SELECT number, min_by(struct(model_version, former_version, kind, as_of),"
        " struct(changed_at, model_version, kind)) AS row"
        f" FROM {promotions} GROUP BY number"
    )
    order = "struct(row.as_of, number)"
    return (
        "SELECT version FROM"
        f" (SELECT row.model_version AS version, {order} AS place, false AS is_left"
        f" FROM ({counted}) UNION ALL SELECT row.former_version, {order}, true FROM ({counted})"
        " WHERE row.kind = 'rollback')"
        " GROUP BY version HAVING max_by(is_left, place)"
    )


PREDICTIONS_IN_FORCE = View(
    "predictions",
    "predictions_in_force",
    f"One row per {PROBLEM.noun}: the last prediction in time; without one, the last one made"
    " afterwards. Predictions of a version that was rolled back do not count.",
    IN_FORCE,
    _select_todays,
)
