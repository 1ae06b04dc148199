"""Each day of a feature table is what today's code makes of today's facts, in whatever order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundlework.laptop.feature_client import open_feature_client
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.features import currency, rows, task
from {{ cookiecutter.__package }}.features.currency import (
    MissingFactsError,
    StaleFeaturesError,
    read_current,
)
from {{ cookiecutter.__package }}.features.task import compute_features
from {{ cookiecutter.__package }}.platform.days import (
    forget_days,
    list_days,
    record_days,
    summarise_days,
)
from {{ cookiecutter.__package }}.platform.delta import append_new_rows
from {{ cookiecutter.__package }}.platform.tables import FEATURE_DAYS, RAW_DAYS
from {{ cookiecutter.__package }}.platform.vocabulary import Column, FeatureTable, Table
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_feature_table, create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from ..test_settings import ARGUMENTS

HOUR = dt.timedelta(hours=1)
KEYS = (Column("shop", "string", "name"), Column("at", "timestamp", "UTC"))
SALES = Table("raw", "sales", "Sales.", (*KEYS, Column("x", "double", "")), ("shop", "at"), "at")


def double(rows: DataFrame, window: Window) -> DataFrame:
    return window.select(rows.withColumn("y", F.col("x") * 2), "at")


def treble_the_large(rows: DataFrame, window: Window) -> DataFrame:
    """Another release: other values, and fewer keys."""
    return window.select(rows.where("x > 1").withColumn("y", F.col("x") * 3), "at")


TWICE = FeatureTable(
    "features",
    "twice",
    "Sales, twice.",
    (*KEYS, Column("y", "double", "")),
    ("shop", "at"),
    "at",
    source=SALES,
    lookback=dt.timedelta(hours=30),
    compute=double,
)
RELEASE = replace(TWICE, compute=treble_the_large)


def settings(day: int) -> Settings:
    """Settings of a run as of so many days after the first."""
    as_of = (PROBLEM.first_day + dt.timedelta(days=day)).date()
    own = [a for a in ARGUMENTS if not a.startswith(("--as_of", "--source"))]
    return Settings.from_arguments([*own, "--source=dev.raw", f"--as_of={as_of}"])


ANY = settings(1)


@pytest.fixture
def workspace(lakehouse: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    client = open_feature_client(lakehouse, ["dev"], Path("nowhere"))
    others = ("mlflow", "task_values", "governance", "secrets", "endpoints")
    parts: dict[str, Any] = dict.fromkeys(others)
    for table in (SALES, RAW_DAYS, FEATURE_DAYS):
        create_table(lakehouse, table, ANY)
    create_feature_table(lakehouse, client, TWICE, ANY)
    deploy(monkeypatch, TWICE)
    yield Workspace(spark=lakehouse, features=client, **parts)
    for table in (SALES, RAW_DAYS, FEATURE_DAYS, TWICE):
        lakehouse.sql(f"DELETE FROM {table.full_name(ANY)}")


def deploy(monkeypatch: pytest.MonkeyPatch, table: FeatureTable) -> None:
    for module in (currency, task):
        monkeypatch.setattr(module, "FEATURE_TABLES", (table,))
    monkeypatch.setattr(currency, "RAW_TABLES", (SALES,))
    # Code outside of the package cannot be followed.
    monkeypatch.setattr(rows, "fingerprint", lambda compute, *_: compute.__qualname__)


def deliver(workspace: Workspace, until: int, *facts: tuple[float, float]) -> None:
    """Stores facts (days after the first, value), and records days as ingestion does."""
    spark, name = workspace.spark, SALES.full_name(ANY)
    delivered = [("a", PROBLEM.first_day + dt.timedelta(days=days), x) for days, x in facts]
    append_new_rows(name, spark.createDataFrame(delivered, SALES.struct), SALES.keys)
    window = Window(PROBLEM.first_day, settings(until).cutoff)
    record_days(
        spark, RAW_DAYS.full_name(ANY), {SALES: summarise_days(spark.table(name), SALES, window)}
    )


def read(workspace: Workspace) -> list[tuple[float, float]]:
    found = workspace.spark.table(TWICE.full_name(ANY)).orderBy("at").collect()
    return [
        ((row["at"].astimezone(dt.UTC) - PROBLEM.first_day) / (24 * HOUR), row["y"])
        for row in found
    ]


def count_commits(workspace: Workspace) -> int:
    history = workspace.spark.sql(f"DESCRIBE HISTORY {TWICE.full_name(ANY)}")
    return history.where("operation IN ('MERGE', 'WRITE', 'DELETE')").count()


def test_a_day_is_made_once(workspace: Workspace) -> None:
    deliver(workspace, 2, (0.5, 1.0), (1.5, 2.0))
    compute_features(workspace, settings(2))
    assert read(workspace) == [(0.5, 2.0), (1.5, 4.0)]
    commits = count_commits(workspace)
    compute_features(workspace, settings(2))
    compute_features(workspace, settings(1))
    assert count_commits(workspace) == commits


def test_a_run_after_each_delivery_gives_what_a_run_at_the_end_gives(
    workspace: Workspace,
) -> None:
    """So a job may follow a clock, or each change of its source."""
    facts = [(0.5, 1.0), (1.75, 2.0), (1.5, 3.0), (0.25, 4.0)]
    for fact in facts:
        deliver(workspace, 2, fact)
        compute_features(workspace, settings(2))
    after_each, made = read(workspace), made_from(workspace)
    for table in (TWICE, FEATURE_DAYS):
        workspace.spark.sql(f"DELETE FROM {table.full_name(ANY)}")
    compute_features(workspace, settings(2))
    assert (read(workspace), made_from(workspace)) == (after_each, made)
    assert len(after_each) == len(facts)


def test_a_release_that_is_withdrawn_leaves_nothing_behind(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(workspace, 1, (0.5, 1.0))
    compute_features(workspace, settings(1))
    deliver(workspace, 2, (1.5, 2.0))
    deploy(monkeypatch, RELEASE)
    compute_features(workspace, settings(2))
    assert read(workspace) == [(1.5, 6.0)]
    deploy(monkeypatch, TWICE)
    compute_features(workspace, settings(2))
    assert read(workspace) == [(0.5, 2.0), (1.5, 4.0)]


def test_a_release_keeps_days_after_its_date_current(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(workspace, 2, (0.5, 2.0), (1.5, 2.0))
    compute_features(workspace, settings(2))
    deploy(monkeypatch, RELEASE)
    compute_features(workspace, settings(1))
    assert read(workspace) == [(0.5, 6.0), (1.5, 6.0)]


def test_a_late_fact_changes_the_days_that_look_back_on_it_and_no_others(
    workspace: Workspace,
) -> None:
    deliver(workspace, 5, *((day + 0.5, 1.0) for day in range(5)))
    compute_features(workspace, settings(5))
    before = made_from(workspace)
    deliver(workspace, 5, (1.25, 7.0))
    with pytest.raises(StaleFeaturesError, match="twice: 3 days from 2013-01-02 to 2013-01-04"):
        read_current(workspace.spark, ANY, settings(5).as_of)
    assert read_current(workspace.spark, ANY, ANY.as_of)
    compute_features(workspace, settings(5))
    after = made_from(workspace)
    # Thirty hours back from a day reach into the two days before.
    assert [after[day] != before[day] for day in sorted(after)] == [False, True, True, True, False]
    assert (1.25, 14.0) in read(workspace)


def made_from(workspace: Workspace) -> dict[dt.date, str]:
    found = workspace.spark.table(FEATURE_DAYS.full_name(ANY)).collect()
    return {row.day: row.made_from for row in found}


def test_a_fact_that_was_withdrawn_leaves_no_feature(workspace: Workspace) -> None:
    deliver(workspace, 1, (0.25, 1.0), (0.5, 2.0))
    compute_features(workspace, settings(1))
    workspace.spark.sql(f"DELETE FROM {SALES.full_name(ANY)} WHERE x = 1")
    deliver(workspace, 1)
    compute_features(workspace, settings(1))
    assert read(workspace) == [(0.5, 4.0)]


def test_a_run_that_was_cut_short_is_finished_by_the_next(workspace: Workspace) -> None:
    deliver(workspace, 1, (0.5, 1.0))
    compute_features(workspace, settings(1))
    # The record goes before the rows do.
    whole = list_days(Window(PROBLEM.first_day, ANY.cutoff))
    forget_days(workspace.spark, FEATURE_DAYS.full_name(ANY), {TWICE: whole})
    workspace.spark.sql(f"UPDATE {TWICE.full_name(ANY)} SET y = -1")
    with pytest.raises(StaleFeaturesError):
        read_current(workspace.spark, ANY, ANY.as_of)
    compute_features(workspace, ANY)
    assert read(workspace) == [(0.5, 2.0)]


def test_facts_that_are_not_there_yet_are_named(workspace: Workspace) -> None:
    deliver(workspace, 1, (0.5, 1.0))
    with pytest.raises(MissingFactsError, match="sales has no record of 2013-01-02: run the job"):
        compute_features(workspace, settings(2))
