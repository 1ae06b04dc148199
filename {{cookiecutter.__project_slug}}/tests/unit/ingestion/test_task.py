"""A run takes in what a table is owed, and tells of a source that has fallen silent."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import list_targets
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.ingestion.task import (
    OldSourceError,
    check_age,
    find_window,
    make_context,
)
from {{ cookiecutter.__package }}.platform.days import Day
from {{ cookiecutter.__package }}.platform.vocabulary import Column, Table
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.settings import Settings, to_instant
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM

from .. import test_settings

ROOT = Path(__file__).parents[3]
SALES = Table(
    "raw",
    "sales",
    "Sales.",
    (Column("id", "string", "key"), Column("at", "timestamp", "UTC")),
    ("id",),
    "at",
    owner="the shop",
    greatest_age=dt.timedelta(days=3),
)


def day(number: int) -> dt.date:
    return (PROBLEM.first_day + dt.timedelta(days=number)).date()


def settings(number: int) -> Settings:
    return Settings.from_arguments(test_settings.replace("as_of", day(number).isoformat()))


@pytest.mark.parametrize(
    ("rows", "as_of", "former", "first"),
    [
        ({}, 5, None, 0),
        ({0: 9, 1: 9, 2: 9}, 5, None, 3),
        # A day that a killed run has left without a record.
        ({0: 9, 2: 9}, 5, None, 1),
        # An empty delivery is no finished day, for a time.
        ({0: 9, 1: 0, 2: 9}, 5, None, 1),
        (dict.fromkeys(range(40), 9) | {1: 0}, 40, None, 40),
        # Repeated, and of an older date.
        (dict.fromkeys(range(5), 9), 5, 2, 2),
        (dict.fromkeys(range(9), 9), 4, None, 4),
    ],
)
def test_a_table_is_owed_everything_from_its_first_unfinished_day(
    rows: dict[int, int], as_of: int, former: int | None, first: int
) -> None:
    held = {day(number): Day(count) for number, count in rows.items()}
    started = None if former is None else to_instant(day(former))
    window = find_window(settings(as_of), SALES, held, started)
    assert (window.start.date(), window.end.date()) == (day(first), day(as_of))


@pytest.mark.parametrize("target", list_targets(ROOT))
def test_sources_find_the_volume_that_the_bundle_declares(target: str) -> None:
    bundle, nothing = load_bundle(ROOT, target), cast("Any", None)
    volumes = {volume["id"] for volume in bundle.config["resources"]["volumes"].values()}
    (task,) = [t for t in bundle.jobs["ingestion"]["tasks"] if "python_wheel_task" in t]
    told = task["python_wheel_task"]["named_parameters"]
    workspace = Workspace(*[nothing] * 7)
    landing = make_context(workspace, Settings.model_validate(told | {"as_of": day(1)})).landing
    assert landing in {Path("/Volumes", *volume.split(".")) for volume in volumes}


def test_a_contract_may_allow_empty_days() -> None:
    held = {day(number): Day(0) for number in range(5)}
    owed = [find_window(settings(5), replace(SALES, least_rows=n), held, None) for n in (0, 1)]
    assert [window.start.date() for window in owed] == [day(5), day(0)]


def test_a_source_that_is_silent_is_told_or_stops_the_run(
    lakehouse: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    create_table(lakehouse, SALES, settings(1))
    last = PROBLEM.first_day + dt.timedelta(days=1, hours=6)
    row = lakehouse.createDataFrame([("a", last)], SALES.struct)
    row.writeTo(SALES.full_name(settings(1))).append()
    with caplog.at_level(logging.WARNING):
        check_age(lakehouse, settings(4), SALES)
        assert caplog.messages == []
        check_age(lakehouse, settings(5), replace(SALES, greatest_age=None))
        assert caplog.messages == []
        check_age(lakehouse, settings(5), SALES)
    assert "sales: no row since 2013-01-03; the contract" in caplog.text
    with pytest.raises(OldSourceError, match=r"allows an age of 3 days.*ask the shop"):
        check_age(lakehouse, settings(5), replace(SALES, stops=True))
