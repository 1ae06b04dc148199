"""One function scores, whether it is called with one row or on a cluster."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.registry.loading import ScoringModel
from {{ cookiecutter.__package }}.registry.predicting import score, score_frame
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..toys import KEY, fit_toy, make_rows

ROWS = make_rows(300)
MODEL = ScoringModel(version=1, pipeline=fit_toy(ROWS), inputs=PROBLEM.model_inputs, lookups=())


def test_no_rows_give_no_scores() -> None:
    assert score(MODEL, ROWS.head(0)).shape == (0,)


def test_a_row_scores_alone_as_it_does_among_others() -> None:
    together = score(MODEL, ROWS)
    alone = [score(MODEL, ROWS.iloc[[number]])[0] for number in range(20)]
    assert alone == pytest.approx(together[:20], abs=1e-12)


def test_a_spark_frame_gets_the_same_scores_and_nothing_else(spark: SparkSession) -> None:
    rows = ROWS.head(50).sort_values(KEY)
    scored = score_frame(MODEL, spark.createDataFrame(rows)).orderBy(KEY).toPandas()
    assert list(scored) == [*KEY, "probability"]
    assert scored["probability"].to_numpy() == pytest.approx(score(MODEL, rows), abs=1e-12)
