"""Metric views can only be queried in a workspace; their expressions are SQL that runs here."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bundlework.laptop.catalogs import define_view
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.inference.views import PREDICTIONS_IN_FORCE
from {{ cookiecutter.__package }}.monitoring.metric_views import METRIC_VIEWS
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.delta import append_new_rows
from {{ cookiecutter.__package }}.platform.metric_views import MetricView
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments(ARGUMENTS)
DAY = dt.datetime(2013, 6, 3, 12, tzinfo=dt.UTC)
AS_OF, LATER = dt.date(2013, 7, 1), dt.date(2013, 7, 29)
DASHBOARD = Path(__file__).parents[3] / "dashboards/model_health.lvdash.json"


def predict(name: str, version: int, at: dt.datetime, score: float) -> tuple[Any, ...]:
    """A row of the predictions, made afterwards."""
    told = {PROBLEM.event_time: at, "model_version": version, "score": score}
    row = {**dict.fromkeys(PROBLEM.key, name), **told, "as_of": AS_OF, "days_ahead": None}
    return tuple(row.get(column) for column in PREDICTIONS.column_names)


ROWS = {
    PREDICTIONS: [
        predict("a", 1, DAY, 0.2),
        predict("a", 2, DAY, 0.4),
        predict("b", 1, DAY + dt.timedelta(days=1), 0.9),
    ],
    PROMOTIONS: [(1, 2, AS_OF, 1, "promotion", "ann", "better", None, DAY)],
    METRICS: [
        (AS_OF, DAY, DAY, 1, "performance", "in time", "primary", 0.7, 0.6, False),
        (LATER, DAY, DAY, 1, "performance", "in time", "primary", 0.75, 0.6, False),
        (AS_OF, DAY, DAY, 2, "performance", "in time", "primary", 0.5, 0.6, True),
        (AS_OF, DAY, DAY, 1, "performance", "in time", "loss", 0.6, None, False),
        (AS_OF, DAY, DAY, 1, "input_drift", "x", "psi", 0.3, 0.2, True),
    ],
}


def query(spark: SparkSession, view: MetricView, dimension: str) -> list[dict[str, object]]:
    """What the view's measures are, by one of its dimensions."""
    defined = yaml.safe_load(view.define(SETTINGS))
    chosen = [*(d for d in defined["dimensions"] if d["name"] == dimension), *defined["measures"]]
    columns = ", ".join(f"{part['expr']} AS {part['name']}" for part in chosen)
    answer = spark.sql(f"SELECT {columns} FROM ({defined['source']}) GROUP BY 1 ORDER BY 1")
    return [row.asDict() for row in answer.collect()]


@pytest.fixture(scope="module")
def observed(lakehouse: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    for table, rows in ROWS.items():
        create_table(lakehouse, table, SETTINGS)
        frame = lakehouse.createDataFrame(rows, table.struct)
        append_new_rows(table.full_name(SETTINGS), frame, table.keys)
    warehouse, name = tmp_path_factory.mktemp("warehouse"), PREDICTIONS_IN_FORCE.full_name(SETTINGS)
    warehouse.joinpath(*name.split(".")).parent.mkdir(parents=True)
    define_view(lakehouse, warehouse, name, PREDICTIONS_IN_FORCE.query(SETTINGS))
    return lakehouse


def test_a_view_answers_by_each_dimension(observed: SparkSession) -> None:
    for view in METRIC_VIEWS:
        for dimension in view.dimensions:
            assert query(observed, view, dimension)


def test_an_example_counts_once_by_its_prediction_in_force(observed: SparkSession) -> None:
    first, second = query(observed, METRIC_VIEWS[0], "event_day")
    assert (first["examples"], first["mean_score"]) == (1, 0.4)
    assert (second["examples"], second["mean_score"]) == (1, 0.9)


def test_quality_is_the_worst_that_was_seen(observed: SparkSession) -> None:
    (row,) = query(observed, METRIC_VIEWS[1], "window_end")
    assert row["worst_primary"] == (0.5 if PROBLEM.kind.primary.sign > 0 else 0.75)
    assert row["largest_loss"] == 0.6
    assert row["largest_drift"] == 0.3
    assert row["alerts"] == 2


def test_a_chart_has_one_value_of_a_version_for_a_window_the_last_one(
    observed: SparkSession,
) -> None:
    observed.table(METRICS.full_name(SETTINGS)).createOrReplaceTempView("metrics")
    datasets = json.loads(DASHBOARD.read_text())["datasets"]
    (performance,) = (data for data in datasets if data["name"] == "performance")
    rows = observed.sql("".join(performance["queryLines"])).collect()
    assert [(row.made, row.value) for row in rows] == [
        ("1, in time", 0.75),
        ("2, in time", 0.5),
    ]


def test_a_view_is_beside_the_metrics() -> None:
    assert METRIC_VIEWS[0].full_name(SETTINGS) == f"{SETTINGS.monitoring}.daily_predictions"
