"""Examples that arrive, of a problem without features."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toy_predictions import CUTOFF, HOUR
from ..toys import EXAMPLES, KEY

# The project's key and event time; each example is predicted two hours before its event.
TOY = dataclasses.replace(
    PROBLEM,
    examples=EXAMPLES,
    lead=dt.timedelta(days=7),
    find_prediction_time=lambda at: at - F.lit(2 * HOUR),
    find_cancelled=None,
    inputs=(),
    lookups=(),
    baselines={},
    describe=lambda rows: rows,
)


def example(name: str, hours: float, known: float = 0) -> dict[str, Any]:
    """An example that happens so many hours after the day of the arrivals began, known at."""
    times = {EXAMPLES.time: known, PROBLEM.event_time: hours}
    at = {column: CUTOFF + hour * HOUR for column, hour in times.items()}
    return {**dict.fromkeys(KEY, name), **at}
