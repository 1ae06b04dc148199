"""An entry point says what is missing, and calls rooms in the order that decision 0015 asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from {{ cookiecutter.__package }}.platform.missing import NotSetUpError
from {{ cookiecutter.__package }}.platform.workspace import Workspace, use
from {{ cookiecutter.__package }}.promotion import change
from {{ cookiecutter.__package }}.registry.champion import CHAMPION, PREVIOUS
from {{ cookiecutter.__package }}.settings import Settings, ValidationSettings
from {{ cookiecutter.__package }}.tasks import Task, finish_and_validate

from .test_settings import ARGUMENTS
from .toy_registry import Registry, cut


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda spark: spark.table("dev.raw.nothing"), "TABLE_OR_VIEW_NOT_FOUND.*nothing"),
        (lambda spark: spark.range(3).select("colour"), "UNRESOLVED_COLUMN.*colour"),
    ],
)
def test_a_task_that_misses_a_table_or_a_column_names_the_job_to_run(
    lakehouse: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[SparkSession], DataFrame],
    said: str,
) -> None:
    parts: dict[str, Any] = dict.fromkeys(
        ("features", "mlflow", "task_values", "governance", "secrets", "endpoints")
    )
    monkeypatch.setattr("sys.argv", ["task", *ARGUMENTS])
    task = Task(Settings, lambda workspace, _: ask(workspace.spark).count())
    with (
        use(Workspace(spark=lakehouse, **parts)),
        pytest.raises(NotSetUpError, match=rf"{said}(.|\n)*job setup .* run that job first"),
    ):
        task()


def test_a_promotion_cut_short_is_finished_before_anything_is_judged(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.crown((1, "2013-07-01"))
    monkeypatch.setattr(change, "_settle", cut)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(2, "2013-07-08")
    monkeypatch.undo()
    finish_and_validate(registry.workspace, registry.settings(ValidationSettings, 3, "2013-07-15"))
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
