"""The integration test's job, from the bundle's own graph, against numbers computed without it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pandas as pd
import pytest
from bundlework.bundle.graph import State
from bundlework.laptop.tasks import TaskValues, run_notebook
from mlflow.exceptions import MlflowException
from pyspark.sql import functions as F
from sklearn.base import clone

from {{ cookiecutter.__package }}.inference.scoring import make_predictions
from {{ cookiecutter.__package }}.inference.tables import (
    DAYS_AHEAD,
    FEATURE_AGE,
    PREDICTIONS,
    UNSCORED,
)
from {{ cookiecutter.__package }}.ingestion.tables import QUARANTINE
from {{ cookiecutter.__package }}.inspection.task import InspectionError, inspect
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.vocabulary import Column
from {{ cookiecutter.__package }}.registry.artifact import FEATURE_SPEC, read_artifact
from {{ cookiecutter.__package }}.registry.loading import AlteredFilesError, load_model
from {{ cookiecutter.__package }}.registry.periods import get_evaluation_window
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.registry.training_sets import (
    list_lookups,
    name_trained_tables,
    read_examples,
)
from {{ cookiecutter.__package }}.registry.versions import DatedVersion
from {{ cookiecutter.__package }}.streaming.tables import STREAM_BATCHES
from {{ cookiecutter.__package }}.tables import RECORD_TABLES
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.tables import FEATURE_TABLES, RAW_TABLES
from {{ cookiecutter.__package }}.validation.card import read_page
from {{ cookiecutter.__package }}.validation.case import COMPARED_ROWS, RegisteredCase
from {{ cookiecutter.__package }}.validation.compliance import check_artifact
from {{ cookiecutter.__package }}.validation.infrastructure import check_agreement
from {{ cookiecutter.__package }}.validation.performance import check_champion
from {{ cookiecutter.__package }}.validation.results import Verdict
from {{ cookiecutter.__package }}.validation.tables import VALIDATION_RESULTS

from ..unit.toys import KEY, NUMBERS
from ..use_case.expectations import AS_OF, EXPECTATIONS
from .lifecycle import ROOT, Lifecycle, register_constant

FIRST = DatedVersion(1, dt.date.fromisoformat(AS_OF))
LAST = FEATURE_TABLES[-1]
CONTENTS = (*RAW_TABLES, *FEATURE_TABLES, *RECORD_TABLES)


@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_what_was_made_is_what_the_owner_expects(lifecycle: Lifecycle, expect: Any) -> None:
    expect(lifecycle)


def test_the_version_carries_its_lineage(lifecycle: Lifecycle) -> None:
    client, name = lifecycle.workspace.mlflow, lifecycle.settings.model_name
    (version,) = client.search_model_versions(f"name = '{name}'")
    run = client.get_run(version.run_id)
    assert version.tags["as_of"] == AS_OF
    assert run.data.params
    assert len(run.inputs.dataset_inputs) == len(name_trained_tables(lifecycle.settings))
    assert len(client.search_logged_models([run.info.experiment_id])) == 1
    info = mlflow.models.get_model_info(f"models:/{name}/{version.version}")
    assert info.signature.outputs is not None
    assert client.get_model_version_by_alias(name, "champion").version == version.version


def test_the_gate_accepts_the_version_and_judges_it_in_a_fresh_process(
    lifecycle: Lifecycle,
) -> None:
    results = lifecycle.read(VALIDATION_RESULTS).set_index("check")
    assert results.loc["decision", "verdict"] == "passed"
    assert results.loc["fresh_process", "verdict"] == "passed"
    window = get_evaluation_window(lifecycle.settings.as_of, lifecycle.settings.window_days)
    assert results.loc["primary", "window_start"] == pd.Timestamp(window.start).tz_localize(None)


def test_each_prediction_says_when_it_was_scored_and_how_old_its_features_were(
    lifecycle: Lifecycle,
) -> None:
    predictions = lifecycle.read(PREDICTIONS)
    assert len(predictions)
    assert predictions["scored_at"].notna().all()
    assert predictions[UNSCORED].isna().all()
    limits = [table.greatest_age for table in FEATURE_TABLES if table.greatest_age]
    found = predictions[FEATURE_AGE].dropna()
    assert found.between(0, max(limits, default=dt.timedelta.max) / dt.timedelta(hours=1)).all()
    assert len(found) > 0.9 * len(predictions) * any(t.has_time_key for t in PROBLEM.lookups)


@pytest.mark.parametrize("column", [c for c in PROBLEM.inputs if not c.sources][:1])
def test_an_example_whose_input_breaks_a_rule_is_not_scored_and_says_why(
    lifecycle: Lifecycle, column: Column
) -> None:
    workspace, settings = lifecycle.workspace, lifecycle.settings
    window = get_evaluation_window(settings.as_of, settings.window_days)
    examples = read_examples(workspace, settings, window, settings.cutoff)
    examples = examples.withColumn(DAYS_AHEAD, F.lit(None).cast("int"))
    value = examples.groupBy(column.name).count().orderBy(F.desc("count")).first()[0]
    model = load_model(workspace.mlflow, settings.model_name, 1)
    given = tuple(
        dataclasses.replace(rule, allowed=(value,)) if rule.name == column.name else rule
        for rule in model.first.given
    )
    strict = dataclasses.replace(model, first=clone(model.first).set_params(given=given))
    columns = [*KEY, "score", UNSCORED]
    before = make_predictions(workspace, settings, model, examples).select(*columns).toPandas()
    after = make_predictions(workspace, settings, strict, examples).select(*columns).toPandas()
    inputs = examples.select(*KEY, column.name).toPandas()
    joined = before.merge(after, on=KEY, suffixes=("", "_after")).merge(inputs, on=KEY)
    kept = joined[column.name] == value
    assert len(joined) == len(before) == len(after) > kept.sum() > 0
    assert joined[UNSCORED].isna().all()
    assert joined[kept]["score"].equals(joined[kept]["score_after"])
    assert joined[~kept]["score_after"].isna().all()
    assert set(joined[~kept][f"{UNSCORED}_after"]) == {f"{column.name}: not an allowed value"}


def test_a_version_looks_up_what_training_looked_up(lifecycle: Lifecycle) -> None:
    settings = lifecycle.settings
    model = load_model(lifecycle.workspace.mlflow, settings.model_name, 1)
    found, trained = (
        {
            (each.table_name, *sorted(each._get_feature_names()), each.lookback_window)
            for each in some
        }
        for some in (model.lookups, list_lookups(settings))
    )
    assert found == trained
    assert {each.lookback_window for each in model.lookups} == {
        t.greatest_age for t in FEATURE_TABLES
    }


def test_monitoring_tells_the_tasks_after_it_whether_something_drifted(
    lifecycle: Lifecycle,
) -> None:
    alerts = lifecycle.read(METRICS)["alert"]
    assert lifecycle.find_values("drifted") == {str(alerts.any()).lower()}


def test_the_dashboards_questions_have_answers(lifecycle: Lifecycle) -> None:
    spark = lifecycle.workspace.spark
    metrics = spark.table(METRICS.full_name(lifecycle.settings))
    metrics.createOrReplaceTempView("metrics")
    dashboard = json.loads((ROOT / "dashboards/model_health.lvdash.json").read_text())
    for dataset in dashboard["datasets"]:
        answer = spark.sql("".join(dataset["queryLines"]))
        found = metrics.where("alert") if dataset["name"] == "alerts" else metrics
        assert answer.isEmpty() == found.isEmpty()


def test_a_mirror_holds_no_personal_value_and_joins_as_the_original(
    lifecycle: Lifecycle,
) -> None:
    personal = {
        str(value)
        for table in RAW_TABLES
        for column in table.columns
        if column.personal
        for value in lifecycle.read(table)[column.name].dropna()
    }
    source = lifecycle.settings.raw.split(".")
    given = {"mirrored_catalog": source[0], "mirrored_schema": source[1]}
    copies = [lifecycle.mirror({**given, "mirrored_fraction": "0.5"}) for _ in range(2)]
    examples, key = PROBLEM.examples, list(PROBLEM.key)
    mirrored = copies[0][examples.name].set_index(key)
    for name, copy in copies[0].items():
        assert not {str(value) for column in copy for value in copy[column]} & personal, name
        pd.testing.assert_frame_equal(copy, copies[1][name])
    original = lifecycle.read(examples).set_index(key)
    expected = original[original.index.isin(mirrored.index)]
    for hashed in (c.name for c in examples.columns if c.personal == "hash"):
        sizes = [frame.groupby(hashed).size() for frame in (expected, mirrored)]
        assert sorted(sizes[0]) == sorted(sizes[1])
    outcomes = copies[0][PROBLEM.labelling.name].set_index(key)
    assert set(outcomes.index) <= set(mirrored.index)
    assert 0.45 < len(mirrored) / len(original) < 0.55
    # A larger share gives the further entities their rows of all days.
    whole = lifecycle.mirror({**given, "mirrored_fraction": "1"})
    assert sorted(whole[examples.name].set_index(key).index) == sorted(original.index)


def test_the_model_card_says_what_a_reviewer_asks(lifecycle: Lifecycle) -> None:
    name, client = lifecycle.settings.model_name, lifecycle.workspace.mlflow
    page = read_page(client, name, 1)
    results = lifecycle.read(VALIDATION_RESULTS)
    (decision,) = results[results["check"] == "decision"]["reason"]
    trained = f"Trained on</th><td>{PROBLEM.first_day:%Y-%m-%d} to "
    rules = [f"better_than_{name}" for name in PROBLEM.baselines]
    for said in (f"Accepted: {decision}", trained, *rules, "<svg", "Limits"):
        assert said in page
    with pytest.raises(MlflowException):
        read_page(client, name, 2)
    widgets = {"model_name": name, "model_version": "1"}
    values = TaskValues(lambda key, value: None)
    run_notebook(ROOT / "notebooks/review_model.py", lifecycle.workspace.spark, widgets, values)


def test_an_example_has_one_score_in_whichever_way(
    lifecycle: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = lifecycle.settings
    sound, moved = (RegisteredCase(lifecycle.workspace, settings, FIRST, None) for _ in range(2))
    (result,) = check_agreement(sound)
    assert result.verdict is Verdict.PASSED, result.reason
    other = "native model" if sound.left_out else "feature client"
    assert f"{other} and together differ by" in result.reason
    assert (sound.left_out or "") in result.reason
    # The client reads rows of its own; the native model gets the same ones.
    moved.rows[NUMBERS] *= 1 if sound.left_out else 0.9
    other = moved.sound_rows.head(COMPARED_ROWS)
    scores = PROBLEM.kind.tabulate(score(sound.model, other) * (1 + 1e-6))
    other = other[list(PROBLEM.key)]
    monkeypatch.setattr(RegisteredCase, "_ask_native_model", lambda *_: other.assign(**scores))
    (result,) = check_agreement(moved)
    assert result.verdict is Verdict.FAILED
    assert "batch and together differ by 0," in result.reason


def test_challenger_and_champion_are_scored_each_by_its_own_model(
    lifecycle: Lifecycle, tmp_path: Path
) -> None:
    settings = lifecycle.settings
    constant = register_constant(lifecycle, tmp_path)
    worse, better = (
        RegisteredCase(
            lifecycle.workspace, settings, DatedVersion(version, settings.as_of), champion
        )
        for version, champion in ((constant, 1), (1, constant))
    )
    (result,) = check_champion(worse)
    assert result.verdict is Verdict.FAILED
    (result,) = check_champion(better)
    assert "version 2, which is not surely better than naive scores" in result.reason
    assert (worse.scores == worse.scores[0]).all()
    assert better.scores == pytest.approx(worse.champion_scores)
    lifecycle.workspace.mlflow.delete_model_version(settings.model_name, str(constant))


def test_an_altered_artifact_is_blocked(lifecycle: Lifecycle, tmp_path: Path) -> None:
    settings = lifecycle.settings
    case = RegisteredCase(lifecycle.workspace, settings, FIRST, None)
    assert [r.verdict for r in check_artifact(case)] == [Verdict.PASSED]
    folder = shutil.copytree(case.folder, tmp_path / "altered")
    (folder / FEATURE_SPEC).write_text((folder / FEATURE_SPEC).read_text() + "\n# altered")
    altered: Any = SimpleNamespace(record=case.record, artifact=read_artifact(folder))
    (result,) = check_artifact(altered)
    assert result.verdict is Verdict.FAILED
    assert "not those that training registered" in result.reason
    with pytest.raises(AlteredFilesError):
        load_model(lifecycle.workspace.mlflow, settings.model_name, 1, folder)


# A project whose owner has removed the notebook passes too.
@pytest.mark.parametrize("name", [p.name for p in ROOT.glob("notebooks/explore.py")])
def test_the_notebook_runs_on_what_was_ingested(lifecycle: Lifecycle, name: str) -> None:
    widgets = {"source": lifecycle.settings.source, "as_of": AS_OF}
    values = TaskValues(lambda key, value: None)
    run_notebook(ROOT / "notebooks" / name, lifecycle.workspace.spark, widgets, values)


def test_a_second_run_changes_nothing(lifecycle: Lifecycle) -> None:
    before = [lifecycle.digest(table) for table in CONTENTS]
    assert lifecycle.play() is State.SUCCESS
    assert [lifecycle.digest(table) for table in CONTENTS] == before
    name = lifecycle.settings.model_name
    assert len(lifecycle.workspace.mlflow.search_model_versions(f"name = '{name}'")) == 1


def test_what_arrives_later_is_scored_by_the_stream_once(lifecycle: Lifecycle) -> None:
    """The tests after this one find a further day of facts."""
    later = (FIRST.as_of + dt.timedelta(days=1)).isoformat()
    before = lifecycle.read(PREDICTIONS)[KEY]
    for job in ("streaming", "ingestion", "streaming", "streaming"):
        assert lifecycle.play(job, later) is State.SUCCESS
    first, second = lifecycle.read(STREAM_BATCHES).sort_values("number").to_dict("records")
    # The stream scores nothing of the days before the first champion.
    assert pd.isna(first["model_version"])
    assert (second["model_version"], second["as_of"]) == (1, FIRST.as_of)
    made = lifecycle.read(PREDICTIONS).merge(before, "left", KEY, indicator=True)
    made = made[made["_merge"] == "left_only"]
    made.index = pd.MultiIndex.from_frame(made[KEY])
    ahead = lifecycle.score_ahead(FIRST.as_of, second["known_until"])
    assert second["ahead"] == len(ahead)
    owed = ahead[~ahead.index.isin(pd.MultiIndex.from_frame(before))]
    assert sorted(made.index) == sorted(owed.index)
    assert set(made["as_of"]) <= {FIRST.as_of}
    scores = made.loc[owed.index, owed.columns]
    pd.testing.assert_frame_equal(scores, owed, rtol=0, atol=1e-9)


def test_damage_is_found_and_named(lifecycle: Lifecycle) -> None:
    """The last test: it leaves the tables damaged."""
    spark, settings = lifecycle.workspace.spark, lifecycle.settings
    inspect(lifecycle.workspace, settings)
    refused = len(lifecycle.read(QUARANTINE))
    for statement, table in DAMAGE:
        spark.sql(statement.format(table.full_name(settings), table.time))
    lifecycle.workspace.mlflow.delete_registered_model_alias(settings.model_name, "champion")
    with pytest.raises(InspectionError) as found:
        inspect(lifecycle.workspace, settings)
    wanted = FOUND if refused else FOUND[1:]
    for line, expected in zip(str(found.value).splitlines(), wanted, strict=True):
        assert re.search(expected, line), line


DAMAGE = (
    ("DELETE FROM {}", QUARANTINE),
    ("INSERT INTO {0} SELECT * FROM {0} ORDER BY {1} DESC LIMIT 1", LAST),
    ("DELETE FROM {} WHERE check = 'decision'", VALIDATION_RESULTS),
    ("INSERT INTO {0} SELECT * FROM {0} LIMIT 1", PREDICTIONS),
    ("UPDATE {} SET score = double('NaN') WHERE score > 0.5", PREDICTIONS),
    ("DELETE FROM {}", METRICS),
)
FOUND = (
    r"\w+: \d+ rows came in, \d+ are there and 0 in quarantine",
    rf"{LAST.name}: \d+ rows for \d+ keys",
    r"version 1 was not judged",
    r"the alias champion names version none, the last promotion 1",
    r"predictions: 1 are there several times",
    rf"predictions: \d+ are not {PROBLEM.kind.scores_are}",
    rf"metrics: none of {AS_OF} for version 1",
)
