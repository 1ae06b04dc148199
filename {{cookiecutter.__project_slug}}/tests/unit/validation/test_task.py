"""Which version the deployment job judges, and what it waits for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import mlflow
import pytest

from {{ cookiecutter.__package }}.registry.tags import FINISHED, IDENTITY
from {{ cookiecutter.__package }}.registry.versions import choose_version
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.training.registration import Training, describe_training
from {{ cookiecutter.__package }}.training.task import log_tables
from {{ cookiecutter.__package }}.validation import task
from {{ cookiecutter.__package }}.validation.case import read_record
from {{ cookiecutter.__package }}.validation.task import (
    UnfinishedVersionError,
    validate,
    wait_for_training,
)

from ..toy_registry import NAME, Registry


def test_what_was_recorded_before_a_kill_is_said_by_the_repetition(registry: Registry) -> None:
    run = registry.workspace.mlflow.create_run("0").info.run_id
    registry.judge(1, None, value=0.73, run=run)
    asked = registry.settings(ValidationSettings, 1, "2013-07-01")
    for _ in range(2):
        assert validate(registry.workspace, asked) is True
    said = registry.workspace.mlflow.get_model_version(NAME, "1").tags
    assert (said["verdict"], said["verdict_reason"]) == ("passed", "so it is")
    registry.workspace.mlflow.delete_model_version_tag(NAME, "1", "verdict")
    assert validate(registry.workspace, asked) is True
    logged = registry.workspace.mlflow.get_metric_history(run, "evaluation_decision")
    assert [metric.value for metric in logged] == [0.73]


def test_a_version_is_judged_by_its_own_date(registry: Registry) -> None:
    registry.tag(2, "as_of", "2013-07-08")
    asked = registry.settings(ValidationSettings, 2, "2013-07-29")
    assert choose_version(registry.workspace.mlflow, asked).as_of == dt.date(2013, 7, 8)
    named = registry.settings(ValidationSettings, 0, "2013-07-08")
    assert choose_version(registry.workspace.mlflow, named).number == 2
    none = registry.settings(ValidationSettings, 0, "2013-07-09")
    with pytest.raises(LookupError, match="was trained as of 2013-07-09"):
        choose_version(registry.workspace.mlflow, none)


def test_the_date_is_read_when_training_has_said_it(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, judged = registry.workspace.mlflow, []
    run = client.create_run("0", tags={IDENTITY: "x"}).info.run_id
    uri = client.get_model_version(NAME, "1").source
    number = int(client.create_model_version(NAME, uri, run_id=run).version)

    def finish_training(_: float) -> None:
        registry.tag(number, "as_of", "2013-07-22")
        registry.tag(number, FINISHED, "true")

    def note_date(*arguments: Any) -> None:
        judged.append(arguments[2].as_of)
        raise KeyboardInterrupt

    monkeypatch.setattr(task.time, "sleep", finish_training)
    monkeypatch.setattr(task, "_judge", note_date)
    with pytest.raises(KeyboardInterrupt):
        validate(registry.workspace, registry.settings(ValidationSettings, number, "2013-07-01"))
    assert judged == [dt.date(2013, 7, 22)]


def test_a_run_that_was_deleted_is_none(registry: Registry) -> None:
    client = registry.workspace.mlflow
    run = client.create_run("0", tags={IDENTITY: "x"}).info.run_id
    uri = client.get_model_version(NAME, "1").source
    number = int(client.create_model_version(NAME, uri, run_id=run).version)
    settings = registry.settings(ValidationSettings, number, "2013-07-01")
    assert read_record(client, settings, number).run_id == run
    client.delete_run(run)
    wait_for_training(client, NAME, number)
    record = read_record(client, settings, number)
    assert (record.run_id, record.metrics) == (None, {})


def test_a_version_whose_training_goes_on_is_waited_for_and_not_judged(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "PATIENCE", 0)
    client = registry.workspace.mlflow
    run = client.create_run("0", tags={IDENTITY: "x"})
    uri = client.get_model_version(NAME, "1").source
    made = client.create_model_version(NAME, uri, run_id=run.info.run_id)
    number = int(made.version)
    with pytest.raises(UnfinishedVersionError, match="repeat the job training, which goes on"):
        validate(registry.workspace, registry.settings(ValidationSettings, number, "2013-07-01"))
    assert registry.count("validation_results") == 3
    registry.tag(number, FINISHED, "true")
    wait_for_training(client, NAME, number)


def test_the_tables_of_a_training_are_those_that_its_run_read(registry: Registry) -> None:
    client = registry.workspace.mlflow
    settings = registry.settings(ValidationSettings, 1, "2013-07-01")
    # Together their names are longer than the 1,000 characters that a tag may have.
    tables = {f"a_catalog.a_long_name_of_a_schema.a_table_{n}": n for n in range(40)}
    with mlflow.start_run(client.get_model_version(NAME, "1").run_id):
        log_tables(tables)
    assert read_record(client, settings, 1).tables == tables
    tags = describe_training(settings, Training(tables, {}, "recipe"))
    assert max(map(len, tags.values())) < 100
