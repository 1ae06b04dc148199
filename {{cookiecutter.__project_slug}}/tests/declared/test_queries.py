"""Every query of views, metric views and the dashboard runs on the declared tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.monitoring.metric_views import METRIC_VIEWS
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.metric_views import MetricView
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.tables import VIEWS

from ..unit.test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments(ARGUMENTS)
DASHBOARDS = sorted(Path(__file__).parents[2].glob("dashboards/*.lvdash.json"))


@pytest.fixture(scope="module")
def tables(lakehouse: SparkSession) -> SparkSession:
    """The tables that are queried, empty, and of each view a table with its columns."""
    for table in (PREDICTIONS, PROMOTIONS, METRICS):
        create_table(lakehouse, table, SETTINGS)
    for view in VIEWS:
        rows = lakehouse.sql(view.query(SETTINGS))
        assert rows.columns == list(view.columns)
        rows.write.saveAsTable(view.full_name(SETTINGS))
    return lakehouse


@pytest.mark.parametrize("view", METRIC_VIEWS, ids=lambda view: view.name)
def test_a_metric_view_is_sql_of_its_source(tables: SparkSession, view: MetricView) -> None:
    defined = yaml.safe_load(view.define(SETTINGS))
    columns = ", ".join(f"{part['expr']} AS {part['name']}" for part in defined["measures"])
    for dimension in defined["dimensions"]:
        group = f"{dimension['expr']} AS {dimension['name']}"
        tables.sql(f"SELECT {group}, {columns} FROM ({defined['source']}) GROUP BY 1").collect()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_shows_columns_that_its_queries_have(tables: SparkSession, path: Path) -> None:
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    tables.table(METRICS.full_name(SETTINGS)).createOrReplaceTempView(METRICS.name)
    for dataset in dashboard["datasets"]:
        answer = tables.sql("".join(dataset["queryLines"]))
        answer.collect()
        widgets = [part["widget"] for page in dashboard["pages"] for part in page["layout"]]
        queries = [q["query"] for widget in widgets for q in widget["queries"]]
        of_dataset = [q for q in queries if q["datasetName"] == dataset["name"]]
        fields = {field["name"] for q in of_dataset for field in q["fields"]}
        assert fields <= set(answer.columns), dataset["name"]
