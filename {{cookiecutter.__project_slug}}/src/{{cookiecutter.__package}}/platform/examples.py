"""Examples of a prediction problem, with what is known of each one."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from .problem import LABEL, PREDICTION_TIME, Problem


def describe_examples(problem: Problem, rows: DataFrame) -> DataFrame:
    """Describes examples as a model sees them: key, times, and the inputs known of each one.

    Args:
        rows: Rows of the table of examples.
    """
    moment = problem.find_prediction_time(F.col(problem.event_time)).alias(PREDICTION_TIME)
    inputs = [column.name for column in problem.inputs]
    named = dict.fromkeys((*problem.example_columns, *inputs))
    return problem.describe(rows).select(*named, moment)


def select_inputs(problem: Problem, rows: pd.DataFrame) -> pd.DataFrame:
    """Selects the model's inputs in order, with numbers as floats, which can be null."""
    inputs = rows[list(problem.model_inputs)].copy()
    numbers = [name for name in problem.model_inputs if name not in problem.categories]
    inputs[numbers] = inputs[numbers].astype(float)
    return inputs


def label_examples(
    problem: Problem, rows: DataFrame, outcomes: DataFrame, cutoff: dt.datetime
) -> DataFrame:
    """Joins the label, from the last outcome that was known before `cutoff`.

    An example without such an outcome is left out.

    Args:
        rows: Any frame with the key of the examples.
        outcomes: Rows of the table that tells what became of the examples.
    """
    known_at, key = problem.labelling.time, list(problem.key)
    last = Window.partitionBy(*key).orderBy(F.desc(known_at))
    known = (
        outcomes.where(F.col(known_at) < F.lit(cutoff))
        .withColumn("rank of outcome", F.row_number().over(last))
        .where("`rank of outcome` = 1")
    )
    return rows.join(known.select(*key, problem.find_label().alias(LABEL)), key)
