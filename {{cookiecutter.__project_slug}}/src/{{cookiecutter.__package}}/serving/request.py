"""Reads what a caller would say of an example: its key and its own columns, nothing computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from ..platform.examples import choose_rows
from ..platform.workspace import Workspace
from ..settings import ServingSettings
from ..use_case.problem import PROBLEM


def read_request(
    workspace: Workspace, parameters: Mapping[str, str], key: str
) -> dict[str, object]:
    """Reads a request from the table of examples.

    Args:
        parameters: Those of the task `serving`.
        key: The values of the key's columns, separated by commas.

    Raises:
        LookupError: No example has that key.
    """
    settings = ServingSettings.model_validate(parameters)
    rows = workspace.spark.table(PROBLEM.examples.source_name(settings))
    known = choose_rows(PROBLEM, rows.where(_is_one(key)), settings.cutoff)
    names = dict.fromkeys((*PROBLEM.key, *(column.name for column in PROBLEM.given)))
    found = known.select(*names).collect()
    if not found:
        raise LookupError(f"no {PROBLEM.noun} has the key {key} and is known by {settings.as_of}")
    return {name: _to_json(value) for name, value in found[0].asDict().items()}


def _is_one(key: str) -> Column:
    values = [value.strip() for value in key.split(",")]
    if len(values) != len(PROBLEM.key):
        raise LookupError(f"the key {key!r}: write {', '.join(PROBLEM.key)}, separated by commas")
    pairs = zip(PROBLEM.key, values, strict=True)
    return reduce(Column.__and__, (F.col(n).cast("string") == F.lit(v) for n, v in pairs))


def _to_json(value: object) -> object:
    if isinstance(value, dt.datetime):
        return f"{value.isoformat()}Z"  # Spark gives times of UTC without a zone
    return value if isinstance(value, str | float | int | None) else str(value)
