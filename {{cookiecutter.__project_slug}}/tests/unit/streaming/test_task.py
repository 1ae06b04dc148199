"""A stream begins once there is a champion, and says in one line why it stopped."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundlework.laptop.serverless import ServerlessError
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from {{ cookiecutter.__package }}.inference.scoring import NoChampionError
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import StreamSettings
from {{ cookiecutter.__package }}.streaming.tables import STREAM_BATCHES
from {{ cookiecutter.__package }}.streaming.task import (
    StreamError,
    find_cause,
    find_next,
    identify_stream,
    read_batches,
    score_stream,
    start_query,
)

from ..toy_predictions import SETTINGS, TOY, example, open_tables, promote, write
from ..toys import EXAMPLES, inject

STREAM = StreamSettings.model_validate(SETTINGS.model_dump())
# As classic Spark and Spark Connect tell it.
TOLD = """[STREAM_FAILED] Query [id = e716, runId = 7588] terminated with exception: {0}
Traceback (most recent call last):
  File "worker.py", line 84, in main
  File "arrivals.py", line 69, in __call__
    raise StaleFeaturesError("x")
{1}StaleFeaturesError: delays: 2 days are not of this code: run the job features first
 SQLSTATE: 39000
=== Streaming Query ===
java.lang.IllegalStateException: a later line
"""


@pytest.fixture
def workspace(lakehouse: SparkSession, tmp_path: Path) -> Iterator[Workspace]:
    tables = (EXAMPLES, PROMOTIONS, STREAM_BATCHES)
    with open_tables(lakehouse, *tables, volumes=tmp_path) as workspace, inject(TOY):
        yield workspace


def test_a_stream_does_not_begin_before_there_is_a_champion(workspace: Workspace) -> None:
    with pytest.raises(NoChampionError, match=r"dev.models.model has no champion yet: run the job"):
        score_stream(workspace, STREAM)
    assert not list(workspace.volumes.iterdir())


def test_a_continuous_stream_waits_for_more_where_compute_has_such_streams(
    workspace: Workspace,
) -> None:
    later = (SETTINGS.as_of + dt.timedelta(days=9)).isoformat()
    promote(workspace, 1, later)
    workspace = dataclasses.replace(workspace, reopen=lambda _: workspace)
    settings = STREAM.model_copy(update={"is_continuous": True})
    folder = workspace.volumes / "checkpoint"
    if is_remote():
        with pytest.raises(ServerlessError, match="a stream that does not end"):
            start_query(workspace, settings, folder, "stream")
        return
    query = start_query(workspace, settings, folder, "stream")
    try:
        for number in range(2):
            write(workspace, EXAMPLES, example(str(number), 3))
            query.processAllAvailable()
            scored = read_batches(workspace.spark, settings, "stream", 0)
            assert [row.arrived for row in scored] == [1] * (number + 1)
            assert find_next(workspace.spark, settings, "stream") == scored[-1].number + 1
        assert query.isActive
    finally:
        query.stop()


def test_a_checkpoint_keeps_its_id_and_a_new_one_has_another(tmp_path: Path) -> None:
    first = identify_stream(tmp_path / "stream")
    assert identify_stream(tmp_path / "stream") == first
    shutil.rmtree(tmp_path / "stream")
    assert identify_stream(tmp_path / "stream") != first


@pytest.mark.parametrize("about", [("", "project.features."), ("Py4JException: called", "")])
def test_the_cause_is_what_the_function_raised(about: tuple[str, str]) -> None:
    cause = "StaleFeaturesError: delays: 2 days are not of this code: run the job features first"
    assert find_cause(TOLD.format(*about)) == cause


def test_what_no_function_raised_is_told_as_spark_tells_it() -> None:
    assert find_cause("the table was made anew \n=== Streaming Query ===\nX") == (
        "the table was made anew"
    )


def test_a_stream_that_fails_says_why_in_lines_for_people(workspace: Workspace) -> None:
    promote(workspace, 1, "2013-06-01")
    write(workspace, EXAMPLES, example("a", 3))
    # Here is no Databricks workspace that the function could open.
    with pytest.raises(StreamError) as raised:
        score_stream(workspace, STREAM)
    cause, advice = str(raised.value).splitlines()
    assert "Error: " in cause
    assert advice == "the next run begins with the micro-batch that failed"
