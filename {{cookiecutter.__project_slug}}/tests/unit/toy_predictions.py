"""Predictions and promotions, as jobs of a date would have written them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from {{ cookiecutter.__package }}.platform.delta import append_new_rows, make_frame
from {{ cookiecutter.__package }}.platform.vocabulary import Table
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from .test_settings import ARGUMENTS
from .toys import KEY

OWN = [argument for argument in ARGUMENTS if not argument.startswith("--source")]
SETTINGS = Settings.from_arguments([*OWN, "--source=dev.raw"])
CUTOFF, HOUR = SETTINGS.cutoff, dt.timedelta(hours=1)


def promote(
    workspace: Workspace,
    version: int,
    day: str,
    number: int | None = None,
    kind: str = "promotion",
    former: int | None = None,
    at: dt.datetime | None = None,
) -> None:
    since = dt.date.fromisoformat(day)
    row = {
        "number": number or version,
        "model_version": version,
        "as_of": since,
        "former_version": former,
        "kind": kind,
        "by": "ann",
        "reason": "better",
        "changed_at": at or dt.datetime.now(dt.UTC),
    }
    frame = make_frame(workspace.spark, [row], PROMOTIONS.struct)
    # Two jobs may write rows of one number at once.
    frame.writeTo(PROMOTIONS.full_name(SETTINGS)).append()


def prediction(name: str, hours: float, version: int, days: int, ahead: int | None) -> Any:
    """A prediction by a run of so many days after the date."""
    as_of, at = SETTINGS.as_of + dt.timedelta(days=days), CUTOFF + hours * HOUR
    told = {PROBLEM.event_time: at, "model_version": version, "as_of": as_of, "days_ahead": ahead}
    return {**dict.fromkeys(KEY, name), **told, "score": 0.5}


def write(workspace: Workspace, table: Table, *rows: dict[str, Any]) -> None:
    frame = make_frame(workspace.spark, rows, table.struct)
    append_new_rows(table.full_name(SETTINGS), frame, table.keys)
