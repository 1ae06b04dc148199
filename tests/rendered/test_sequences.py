"""Sequences that once left wrong tables, one for each break; `make faults` searches for others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from sequences.lake import Lake
from sequences.life import ModelSequence
from sequences.machine import LAKES, Sequence
from sequences.oracle import Report, Visit
from sequences.registry import open_lake

from flight_delays.platform.delta import read_version

from bundlework.bundle.loading import load_bundle


@pytest.fixture(scope="module", autouse=True)
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    other = SparkSession.getActiveSession()
    if other:
        other.stop()
    opened = open_lake(tmp_path_factory.mktemp("lake"), load_bundle(Path.cwd()).is_serverless)
    LAKES.append(opened)
    yield
    LAKES.remove(opened)
    opened.spark.stop()


@pytest.fixture
def steps() -> Sequence:
    sequence = Sequence()
    sequence.empty()
    return sequence


def test_a_withdrawn_release_leaves_nothing(steps: Sequence) -> None:
    steps.arrive([Visit("a", 3, 1.0, None), Visit("b", 30, 2.0, None)])
    steps.ingest("dev", 2)
    steps.compute_features(1)
    steps.deploy("B")
    steps.compute_features(2)
    steps.deploy("A")
    steps.compute_features(2)


def test_another_source_leaves_nothing(steps: Sequence) -> None:
    steps.arrive([Visit("a", 3, 1.0, None)])
    steps.run(1)
    steps.arrive([Visit("b", 4, 2.0, None), Report("p", 30, "JFK", 20.0)])
    steps.ingest("prod", 2)
    steps.switch("prod")
    steps.compute_features(2)
    steps.switch("dev")
    steps.compute_features(1)


def test_a_date_that_was_delivered_late(steps: Sequence) -> None:
    steps.ingest("dev", 1)
    steps.arrive([Visit("b", 30, 2.0, None), Report("p", 30, "JFK", 20.0)])
    steps.run(2)
    steps.arrive([Visit("a", 3, 1.0, None), Report("q", 5, "JFK", 20.0)])
    steps.ingest("dev", 1)
    steps.read(2)
    steps.compute_features(2)


def test_late_rows_are_taken_in_and_change_what_looks_back_on_them(steps: Sequence) -> None:
    steps.arrive([Visit(name, 24 * day + 3, 1.0, None) for day, name in enumerate("abc")])
    steps.run(3)
    late = [Visit("d", 30, 2.0, None), Visit("e", 2, 2.0, None), Report("p", 50, "JFK", 20.0)]
    steps.arrive(late)
    steps.run(4)


def test_a_key_that_moved_over_midnight(steps: Sequence) -> None:
    steps.arrive([Visit("a", 23.75, 1.0, None)])
    steps.ingest("dev", 1)
    steps.replace(Visit("a", 24.25, 1.0, None))
    steps.ingest("dev", 2)


def test_a_value_that_moved_to_the_next_column(steps: Sequence) -> None:
    steps.arrive([Visit("a", 3, 50.0, None), Visit("a", 3, None, 50.0), Visit("b", 4, None, None)])
    steps.ingest("dev", 1)


def test_a_correction_is_no_further_landing(steps: Sequence) -> None:
    steps.arrive([Visit("a", 3, 1.0, None), Visit("b", 30, 1.0, None)])
    steps.arrive([Report("p", 5, "JFK", 20.0), Report("p", 29, "JFK", 30.0)])
    steps.ingest("dev", 2)
    steps.compute_features(1)
    steps.compute_features(2)


@pytest.fixture
def life() -> ModelSequence:
    sequence = ModelSequence()
    # The second one is predicted before it takes place.
    sequence.begin([Visit("a", 3, 2.0, None), Visit("b", 13, 1.0, None)], 1)
    return sequence


def test_a_release_between_stages_is_noticed_and_a_rollback_counts(life: ModelSequence) -> None:
    life.deploy("B")
    life.train(1)
    life.predict(1)
    life.deploy("A")
    life.predict(1)
    life.deploy("B")
    life.compute_features(1)
    life.train(1)
    life.promote(2)
    life.predict(1)
    life.roll_back(1)


def find_written(lake: Lake, name: str, since: int) -> tuple[int, int]:
    """Rows inserted, updated or deleted, and files added, by the commits after a version."""
    commits = lake.spark.sql(f"DESCRIBE HISTORY {name}").where(f"version > {since}").collect()
    counts = [
        sum(int(commit.operationMetrics.get(name, 0)) for commit in commits for name in names)
        for names in (
            ("numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted"),
            ("numTargetFilesAdded",),
        )
    ]
    return counts[0], counts[1]


def test_a_day_writes_its_own_rows_whatever_the_history(steps: Sequence) -> None:
    lake, tables = steps.lake, ("raw.visits", "features.doubled")
    for history in (1, 1000):
        steps.arrive([Visit(f"of {day}", 24.0 * day + 3, 1.0, None) for day in range(history)])
        steps.run(history)
        before = {name: read_version(lake.spark, f"dev.{name}") for name in tables}
        steps.arrive([Visit(f"after {history}", 24.0 * history + 4, 1.0, None)])
        steps.run(history + 1)
        for name in tables:
            rows, files = find_written(lake, f"dev.{name}", before[name])
            assert rows == 1, (name, history)
            assert files <= 2, (name, history)


def test_a_late_fact_rewrites_its_day_alone(steps: Sequence) -> None:
    lake, name = steps.lake, "dev.features.doubled"
    steps.arrive([Visit(f"v{day}", 24.0 * day + 3, 1.0, None) for day in range(9)])
    steps.run(9)
    before = read_version(lake.spark, name)
    steps.arrive([Visit("late", 24.0 * 7 + 4, 1.0, None)])
    steps.run(9)
    assert find_written(lake, name, before)[0] == 2
