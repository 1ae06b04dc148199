"""One function scores, whether it is called with one row or on a cluster."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from {{ cookiecutter.__package }}.platform.first_step import FirstStep, Rule
from {{ cookiecutter.__package }}.platform.problem import LABEL
from {{ cookiecutter.__package }}.registry.loading import FormerVersionError, ScoringModel
from {{ cookiecutter.__package }}.registry.predicting import score, score_frame
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toys import KEY, fit_toy, inject, make_rows, to_model
from ..validation.problems import NUMBER, PROBLEMS
from ..validation.problems import make_rows as make_toy_rows

WRONG = f"what the model gave is not {PROBLEMS['regression'].kind.scores_are}"
ROWS = make_rows(300)
MODEL = to_model(fit_toy(ROWS))


def test_a_version_without_a_first_step_is_told_to_be_of_an_earlier_release() -> None:
    with pytest.raises(FormerVersionError, match="version 1 computes no inputs"):
        to_model(fit_toy(ROWS)[1:])


def test_no_rows_give_no_scores() -> None:
    assert len(score(MODEL, ROWS.head(0))) == 0


def test_a_row_scores_alone_as_it_does_among_others() -> None:
    together = score(MODEL, ROWS)
    alone = [score(MODEL, ROWS.iloc[[number]])[0] for number in range(20)]
    assert alone == pytest.approx(together[:20], abs=1e-12)


def test_a_spark_frame_gets_the_same_scores_and_nothing_else(spark: SparkSession) -> None:
    rows = ROWS.head(50).sort_values(KEY)
    scored = score_frame(MODEL, spark.createDataFrame(rows)).orderBy(KEY).toPandas()
    assert list(scored) == [*KEY, *(column.name for column in PROBLEM.kind.columns)]
    assert PROBLEM.kind.read_table(scored) == pytest.approx(score(MODEL, rows), abs=1e-12)


def make_halver(forbidden: float, odd: float) -> Any:
    """A model that fails on one number, and for another one gives no score."""
    column = NUMBER

    # A class of its own: Spark's workers cannot import the tests.
    class Halver:
        def predict(self, rows: pd.DataFrame) -> np.ndarray:
            if (rows[column] == forbidden).any():
                raise ValueError("this row must not be scored")
            return np.where(rows[column] == odd, np.nan, rows[column] / 2)

    return Halver()


def make_first(rule: Rule) -> FirstStep:
    return FirstStep((rule,), (), (), lambda rows: rows, "", (NUMBER,))


HIGH, LOW = f"{NUMBER}: above 2", f"{NUMBER}: below 4"


@pytest.mark.parametrize(
    ("rule", "scores", "told"),
    [
        ({"maximum": 2}, [0.5, None, None], [None, WRONG, HIGH]),
        ({"maximum": 2, "minimum": 2}, [None] * 3, [f"{NUMBER}: below 2", WRONG, HIGH]),
        ({"minimum": 4}, [None] * 3, [LOW] * 3),
    ],
)
def test_a_row_that_breaks_a_rule_is_not_scored_and_a_wrong_score_gets_a_reason(
    spark: SparkSession, rule: dict[str, float], scores: list[Any], told: list[str | None]
) -> None:
    rows = pd.DataFrame({"thing": ["1", "2", "3"], NUMBER: [1.0, 2.0, 3.0]})
    frame = spark.createDataFrame(rows, f"thing string, {NUMBER} double").coalesce(1)
    first = make_first(Rule(NUMBER, "double", **rule))
    with inject(PROBLEMS["regression"]):
        model = ScoringModel(1, first, make_halver(forbidden=3.0, odd=2.0), ())
        scored = score_frame(model, frame, ["thing"], unscored="why").orderBy("thing")
        found = [(row.score, row.why) for row in scored.collect()]
    assert found == list(zip(scores, told, strict=True))


def test_without_a_column_for_reasons_every_row_is_scored_and_computed_inputs_can_be_kept(
    spark: SparkSession,
) -> None:
    rule = Rule(NUMBER, "double", maximum=1)
    first = make_first(rule).set_params(
        describe=lambda rows: rows.assign(twice=2 * rows[NUMBER], text="x"),
        computed=(Rule("twice", "int"), Rule("text", "string", allowed=("y",))),
        inputs=(NUMBER, "twice", "text"),
    )
    frame = spark.createDataFrame([("1", 1.0), ("2", 2.0)], f"thing string, {NUMBER} double")
    with inject(PROBLEMS["regression"]):
        model = ScoringModel(1, first, make_halver(forbidden=9.0, odd=9.0), ())
        kept = score_frame(model, frame, ["thing", "twice", "text"]).orderBy("thing")
        assert [tuple(row) for row in kept.collect()] == [
            ("1", 2.0, "x", 0.5),
            ("2", 4.0, "x", 1.0),
        ]


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_kind_is_scored_by_spark_as_here(spark: SparkSession, name: str) -> None:
    toy = PROBLEMS[name]
    rows = make_toy_rows(toy.kind, toy.first_day, 100)
    estimator = DecisionTreeRegressor if name == "regression" else DecisionTreeClassifier
    fitted = estimator(max_depth=3).fit(rows[[NUMBER]], toy.kind.encode(rows[LABEL]))
    model = ScoringModel(1, make_first(Rule(NUMBER, "double")), fitted, ())
    with inject(toy):
        frame = spark.createDataFrame(rows[["thing", NUMBER]])
        scored = score_frame(model, frame, ["thing"]).orderBy("thing").toPandas()
        here = score(model, rows)
        assert len(score(model, rows.head(0))) == 0
    assert toy.kind.read_table(scored) == pytest.approx(here, abs=1e-12)
    assert not toy.kind.find_wrong(here).any()
