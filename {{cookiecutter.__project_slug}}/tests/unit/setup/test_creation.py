"""Tables are made once, with what a reader needs to know of them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from bundlework.laptop.feature_client import open_feature_client
from bundlework.laptop.workspace import RecordedGovernance
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.delta import append_new_rows, read_version
from {{ cookiecutter.__package }}.platform.tables import RAW_DAYS
from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable, Table
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import (
    create_feature_table,
    create_table,
    describe_table,
    has_keys,
)

from ..test_settings import ARGUMENTS

NOW = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
SETTINGS = Settings.from_arguments(ARGUMENTS)
PARCELS = Table(
    "raw",
    "parcels",
    "Parcels.",
    (
        Column("id", "string", "key", required=True),
        Column("at", "timestamp", "UTC", required=True),
        Column("plate", "string", "of the car; registers name its owner", personal="hash"),
    ),
    ("id",),
    "at",
    owner="the yard",
)
WEIGHTS = FeatureTable(
    "features",
    "weights",
    "Weights.",
    (Column("id", "string", "key"), Column("at", "timestamp", "UTC"), Column("x", "double", "kg")),
    ("id", "at"),
    "at",
    source=PARCELS,
    lookback=dt.timedelta(0),
    compute=lambda rows, window: window.select(rows, "at"),
)


def test_a_table_is_empty_with_comments_and_required_columns(lakehouse: SparkSession) -> None:
    create_table(lakehouse, PARCELS, SETTINGS)
    made = lakehouse.table("dev.raw.parcels")
    assert made.isEmpty()
    assert {f.name: f.metadata["comment"] for f in made.schema} == {
        column.name: column.comment for column in PARCELS.columns
    }
    constraints = lakehouse.sql("DESCRIBE DETAIL dev.raw.parcels").collect()[0]
    assert constraints.clusteringColumns == ["at"]


def test_creating_again_keeps_what_is_there(lakehouse: SparkSession) -> None:
    create_table(lakehouse, PROMOTIONS, SETTINGS)
    row = lakehouse.createDataFrame(
        [(1, 1, dt.date(2013, 7, 1), None, "promotion", "ann", "better", None, NOW)],
        PROMOTIONS.struct,
    )
    append_new_rows("dev.models.promotions", row, PROMOTIONS.keys)
    create_table(lakehouse, PROMOTIONS, SETTINGS)
    assert lakehouse.table("dev.models.promotions").count() == 1


def test_a_table_of_an_earlier_release_isolates_its_writers_too(lakehouse: SparkSession) -> None:
    name = "dev.raw.days"
    lakehouse.sql(f"CREATE TABLE {name} (as_of date) USING delta")
    for _ in range(2):
        create_table(lakehouse, RAW_DAYS, SETTINGS)
        create_table(lakehouse, METRICS, SETTINGS)
    for table in (name, "dev.monitoring.metrics"):
        properties = dict(lakehouse.sql(f"SHOW TBLPROPERTIES {table}").collect())
        assert properties["delta.isolationLevel"] == "Serializable"
    assert read_version(lakehouse, name) == 1


def test_a_feature_table_whose_creation_was_cut_short_is_made_anew(
    lakehouse: SparkSession,
) -> None:
    client = open_feature_client(lakehouse, ["dev"], Path("nowhere"))
    name = WEIGHTS.full_name(SETTINGS)
    create_table(lakehouse, WEIGHTS, SETTINGS)
    assert not has_keys(client, name)
    create_feature_table(lakehouse, client, WEIGHTS, SETTINGS)
    assert client.get_table(name=name).primary_keys == ["id", "at"]


def test_personal_columns_and_keys_are_told_to_the_catalog(tmp_path: Path) -> None:
    governance = RecordedGovernance(tmp_path / "facts")
    for table in (PARCELS, WEIGHTS):
        describe_table(governance, table, SETTINGS)
    facts = [json.loads(line) for line in (tmp_path / "facts").read_text().splitlines()]
    personal = [fact["column"] for fact in facts if fact.get("tags") == {"personal": "true"}]
    assert personal == ["plate"]
    # The feature client declares the keys of feature tables itself.
    assert [f["table"] for f in facts if "primary_key" in f] == ["dev.raw.parcels"]
