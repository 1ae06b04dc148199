"""Sinks are handed their rows; one that is away delays no other one and catches up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.platform.workspace import Workspace
from {{ cookiecutter.__package }}.registry.tables import PROMOTIONS
from {{ cookiecutter.__package }}.settings import SinkSettings
from {{ cookiecutter.__package }}.sinks.base import SinkError
from {{ cookiecutter.__package }}.sinks.tables import SINK_BATCHES
from {{ cookiecutter.__package }}.sinks.task import hand_on

from ..toy_predictions import OWN, open_tables, prediction, write
from ..toys import KEY

SINKS = (
    "- {name: parquet, kind: files, format: parquet}\n- {name: lines, kind: files, format: json}"
)
SETTINGS = SinkSettings.from_arguments([*OWN, "--source=dev.raw", f"--sinks={SINKS}"])


@pytest.fixture
def workspace(lakehouse: SparkSession, tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "dev/predictions/outbox").mkdir(parents=True)
    with open_tables(
        lakehouse, PROMOTIONS, PREDICTIONS, SINK_BATCHES, volumes=tmp_path
    ) as workspace:
        yield workspace


def read_folder(workspace: Workspace, sink: str, number: int) -> dict[str, float]:
    folder = workspace.volumes / f"dev/predictions/outbox/{sink}/{number:08}"
    rows = workspace.spark.read.format({"lines": "json"}.get(sink, sink)).load(str(folder))
    return {row[KEY[0]]: row.score for row in rows.where(~F.col("is_removed")).collect()}


def list_folders(workspace: Workspace, sink: str) -> list[str]:
    folder = workspace.volumes / f"dev/predictions/outbox/{sink}"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_each_batch_is_a_folder_of_its_own(workspace: Workspace) -> None:
    write(workspace, PREDICTIONS, prediction("a", 3, 1, 0, 0))
    hand_on(workspace, SETTINGS)
    hand_on(workspace, SETTINGS)
    write(workspace, PREDICTIONS, prediction("b", 3, 1, 0, 0))
    hand_on(workspace, SETTINGS)
    for sink in ("parquet", "lines"):
        assert list_folders(workspace, sink) == ["00000001", "00000002"]
        assert read_folder(workspace, sink, 1) == {"a": 0.5}
        assert read_folder(workspace, sink, 2) == {"b": 0.5}


def test_a_sink_that_is_away_delays_no_other_one_and_catches_up(workspace: Workspace) -> None:
    outbox = workspace.volumes / "dev/predictions/outbox"
    # A file where the folder of the sink would be.
    (outbox / "lines").write_text("in the way")
    for name in "ab":
        write(workspace, PREDICTIONS, prediction(name, 3, 1, 0, 0))
        with pytest.raises(SinkError, match=r"^lines: .*\nthe next run hands on what is missing$"):
            hand_on(workspace, SETTINGS)
    assert list_folders(workspace, "parquet") == ["00000001", "00000002"]
    (outbox / "lines").unlink()
    hand_on(workspace, SETTINGS)
    assert read_folder(workspace, "lines", 1) == {"a": 0.5}
    assert read_folder(workspace, "lines", 2) == {"b": 0.5}


def test_a_folder_that_was_cut_short_is_written_anew_and_a_whole_one_is_kept(
    workspace: Workspace,
) -> None:
    outbox = workspace.volumes / "dev/predictions/outbox"
    draft, whole = outbox / "lines/_00000001", outbox / "parquet/00000001"
    for folder in (draft, whole):
        folder.mkdir(parents=True)
        (folder / "part").write_text("x")
    write(workspace, PREDICTIONS, prediction("a", 3, 1, 0, 0))
    hand_on(workspace, SETTINGS)
    assert list_folders(workspace, "lines") == ["00000001"]
    assert read_folder(workspace, "lines", 1) == {"a": 0.5}
    assert [path.name for path in whole.iterdir()] == ["part"]
