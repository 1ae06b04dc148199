"""Examples of a prediction problem, with what is known of each one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from .problem import LABEL, LOOKUP_TIME, PREDICTION_TIME, Problem, make_first_step

# A look-up finds rows of its very moment too, and what becomes known when a run begins comes too
# late for that run.
JUST_BEFORE = dt.timedelta(microseconds=1)


def describe_examples(problem: Problem, rows: DataFrame, cutoff: dt.datetime) -> DataFrame:
    """Describes examples as a model is told of them at `cutoff`: key, times, and what is given.

    An example that is known to be called off is left out.

    Args:
        rows: Rows of the table of examples; those that were not known before `cutoff` are left out.
    """
    moment = problem.find_prediction_time(F.col(problem.event_time))
    times = {
        PREDICTION_TIME: moment,
        LOOKUP_TIME: F.least(moment, F.lit(cutoff)) - F.lit(JUST_BEFORE),
    }
    given = [column.name for column in problem.given]
    named = dict.fromkeys((*problem.example_columns, *given, *times))
    return choose_rows(problem, rows, cutoff).withColumns(times).select(*named)


def choose_rows(problem: Problem, rows: DataFrame, cutoff: dt.datetime) -> DataFrame:
    """Chooses the row of each example that a model sees: the last one before its own prediction.

    A later change would tell what nobody knew at the moment of prediction. Of an example that was
    not known by then, the first row counts.
    """
    time = F.col(problem.examples.time)
    in_time = time < problem.find_prediction_time(F.col(problem.event_time))
    known = rows.where(time < F.lit(cutoff))
    last_in_time = (F.desc(in_time), F.desc(F.when(in_time, time)), F.asc(time))
    chosen = _take_first(known, problem.key, *last_in_time)
    if problem.find_cancelled is None:
        return chosen
    return chosen.where(~F.coalesce(problem.find_cancelled(), F.lit(False)))


def _take_first(rows: DataFrame, key: Sequence[str], *order: Column) -> DataFrame:
    """Takes the first row of each key."""
    rank = F.row_number().over(Window.partitionBy(*key).orderBy(*order))
    return rows.withColumn("rank of row", rank).where("`rank of row` = 1").drop("rank of row")


def compute_inputs(problem: Problem, rows: pd.DataFrame) -> pd.DataFrame:
    """Computes what a model learns from, in order, with numbers as floats, which can be null."""
    return make_first_step(problem).compute(rows)


def add_inputs(problem: Problem, rows: pd.DataFrame) -> pd.DataFrame:
    """Adds the inputs that are computed to rows with what is given and looked up."""
    inputs = compute_inputs(problem, rows)
    return rows.join(inputs[[name for name in inputs if name not in rows]])


def list_slices(problem: Problem, rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Lists the slices of rows: name, such as colour=red, and which rows belong, shape (n,)."""
    for column, names in problem.name_slices(rows).items():
        for name in sorted(names.dropna().unique()):
            yield f"{column}={name}", (names == name).to_numpy()


def label_examples(
    problem: Problem, rows: DataFrame, outcomes: DataFrame, cutoff: dt.datetime
) -> DataFrame:
    """Joins the label, from the last outcome that was known before `cutoff`.

    An example without such an outcome is left out; an outcome without a label does not count.

    Args:
        rows: Any frame with the key of the examples.
        outcomes: Rows of the table that tells what became of the examples.
    """
    known_at, key = problem.labelling.time, list(problem.key)
    labels = outcomes.select(*key, known_at, problem.find_label().alias(LABEL))
    known = labels.where((F.col(known_at) < F.lit(cutoff)) & F.col(LABEL).isNotNull())
    last = _take_first(known, key, F.desc(known_at))
    return rows.join(last.select(*key, LABEL), key)
