"""The integration test's job, from the bundle's own graph, against numbers computed without it."""

from __future__ import annotations

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
from sklearn.metrics import roc_auc_score

from {{ cookiecutter.__package }}.features.rows import compute_rows
from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.ingestion.contracts import load_delivery
from {{ cookiecutter.__package }}.ingestion.tables import QUARANTINE
from {{ cookiecutter.__package }}.inspection.task import InspectionError, inspect
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.vocabulary import FeatureTable
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.registry.artifact import FEATURE_SPEC, read_artifact
from {{ cookiecutter.__package }}.registry.loading import AlteredFilesError, load_model
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.registry.training_sets import list_lookups
from {{ cookiecutter.__package }}.registry.versions import DatedVersion
from {{ cookiecutter.__package }}.tables import RECORD_TABLES
from {{ cookiecutter.__package }}.use_case.problem import FIRST_DAY
from {{ cookiecutter.__package }}.use_case.sources import SOURCES, read_flights, read_weather
from {{ cookiecutter.__package }}.use_case.tables import (
    CARRIER_DELAYS,
    FEATURE_TABLES,
    FLIGHTS,
    ORIGIN_DELAYS,
    ORIGIN_WEATHER,
    RAW_TABLES,
    WEATHER,
)
from {{ cookiecutter.__package }}.validation.card import read_page
from {{ cookiecutter.__package }}.validation.case import COMPARED_ROWS, RegisteredCase
from {{ cookiecutter.__package }}.validation.compliance import check_artifact
from {{ cookiecutter.__package }}.validation.infrastructure import check_agreement
from {{ cookiecutter.__package }}.validation.performance import check_champion
from {{ cookiecutter.__package }}.validation.results import Verdict
from {{ cookiecutter.__package }}.validation.tables import VALIDATION_RESULTS

from .lifecycle import AS_OF, ROOT, Lifecycle, join_by_hand, register_constant

CUTOFF = pd.Timestamp(AS_OF, tz="UTC")
FIRST = DatedVersion(1, dt.date.fromisoformat(AS_OF))
SCORED_FROM = CUTOFF - pd.Timedelta(days=28)
CONTENTS = (*RAW_TABLES, *FEATURE_TABLES, *RECORD_TABLES)


def test_raw_tables_hold_what_was_known_and_the_rest_is_in_quarantine(
    lifecycle: Lifecycle,
) -> None:
    flights, weather = read_flights(), read_weather()
    departed = flights[flights["scheduled_departure"] < CUTOFF]
    assert len(lifecycle.read(FLIGHTS)) == len(departed)
    observed = weather[weather["observed_at"] < CUTOFF]
    kept, refused = lifecycle.read(WEATHER), lifecycle.read(QUARANTINE)
    assert len(kept) + len(refused) == len(observed)
    assert set(refused["reason"]) == {"wind_speed: above 200"}


def test_a_feature_is_what_pandas_computes_for_its_hour(lifecycle: Lifecycle) -> None:
    features = lifecycle.read(CARRIER_DELAYS)
    hour = pd.Timestamp("2013-03-14T21:00")
    outcomes = SOURCES["outcomes"](Window(FIRST_DAY, lifecycle.settings.cutoff))
    known = outcomes["known_at"].dt.tz_localize(None)
    last = outcomes[(outcomes["carrier"] == "UA") & (known <= hour)]
    last = last[known > hour - pd.Timedelta(hours=24)]
    (row,) = features[(features["carrier"] == "UA") & (features["known_at"] == hour)].itertuples()
    assert row.carrier_landed_24h == len(last)
    assert row.carrier_late_share_24h == pytest.approx((last["arrival_delay"] > 15).mean())


# When a source's row is known, after the time it bears.
KNOWN_AFTER = {"outcomes": dt.timedelta(0), "weather": dt.timedelta(hours=1)}


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=lambda table: table.name)
def test_facts_that_become_known_later_change_no_feature(
    lifecycle: Lifecycle, table: FeatureTable
) -> None:
    spark, until = lifecycle.workspace.spark, lifecycle.settings.cutoff
    window, moment = Window(until - dt.timedelta(days=2), until), until - dt.timedelta(days=1)
    known = Window(window.start - table.lookback, until)
    facts = SOURCES[table.source.name](known)
    later = facts[table.source.time] + KNOWN_AFTER[table.source.name] > moment
    computed = [
        compute_rows(table, load_delivery(spark, table.source, rows), window)
        .where(F.col("known_at") <= F.lit(moment))
        .toPandas()
        .sort_values(list(table.keys), ignore_index=True)
        for rows in (facts, disturb(facts, later, table.source.time))
    ]
    assert len(computed[0]) > 50
    pd.testing.assert_frame_equal(*computed)


def disturb(facts: pd.DataFrame, chosen: pd.Series, time: str) -> pd.DataFrame:
    """Of the chosen facts, deletes every other one, and shuffles what the rest say."""
    kept = facts[chosen].iloc[::2]
    said = kept.drop(columns=time).sample(frac=1, random_state=1).set_index(kept.index)
    return pd.concat([facts[~chosen], said.assign(**{time: kept[time]})])


def test_the_version_carries_its_lineage(lifecycle: Lifecycle) -> None:
    client, name = lifecycle.workspace.mlflow, lifecycle.settings.model_name
    (version,) = client.search_model_versions(f"name = '{name}'")
    run = client.get_run(version.run_id)
    assert version.tags["as_of"] == AS_OF
    assert run.data.metrics["tuning_auc"] > 0.6
    assert run.data.params["num_leaves"]
    assert len(run.inputs.dataset_inputs) == 5
    assert len(client.search_logged_models([run.info.experiment_id])) == 1
    info = mlflow.models.get_model_info(f"models:/{name}/{version.version}")
    assert info.signature.outputs is not None
    assert client.get_model_version_by_alias(name, "champion").version == version.version


def test_an_honest_model_is_good_and_not_too_good(lifecycle: Lifecycle) -> None:
    results = lifecycle.read(VALIDATION_RESULTS).set_index("check")
    assert 0.6 < results.loc["auc", "value"] < 0.8
    assert results.loc["decision", "verdict"] == "passed"
    assert results.loc["fresh_process", "verdict"] == "passed"
    assert results.loc["auc", "window_start"] >= pd.Timestamp("2013-02-04")


def test_predictions_are_those_of_the_model_for_the_windows_flights(lifecycle: Lifecycle) -> None:
    predictions = lifecycle.read(PREDICTIONS)
    flights = read_flights()
    departs = flights["scheduled_departure"]
    window = flights[(departs >= SCORED_FROM) & (departs < CUTOFF)]
    assert set(predictions["flight_id"]) == set(window["flight_id"])
    model = load_model(lifecycle.workspace.mlflow, lifecycle.settings.model_name, 1)
    rows = join_by_hand(lifecycle, window).sort_values("flight_id")
    stored = predictions.sort_values("flight_id")["probability"].to_numpy()
    assert score(model, rows) == pytest.approx(stored, abs=1e-9)


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
    assert {each.lookback_window for each in model.lookups} == {None, ORIGIN_WEATHER.greatest_age}


def test_monitored_performance_is_that_of_predictions_and_labels(lifecycle: Lifecycle) -> None:
    metrics = lifecycle.read(METRICS)
    (auc,) = metrics[(metrics["kind"] == "performance") & (metrics["statistic"] == "auc")]["value"]
    joined = lifecycle.read(PREDICTIONS).merge(read_flights(), on="flight_id")
    outcomes = SOURCES["outcomes"](Window(FIRST_DAY, lifecycle.settings.cutoff))
    joined = joined[joined["flight_id"].isin(outcomes["flight_id"])]
    expected = roc_auc_score(joined["arrival_delay"] > 15, joined["probability"])
    assert auc == pytest.approx(expected, abs=1e-9)
    assert lifecycle.find_values("drifted") == {str(metrics["alert"].any()).lower()}


def test_the_dashboards_questions_have_answers(lifecycle: Lifecycle) -> None:
    spark = lifecycle.workspace.spark
    metrics = spark.table(METRICS.full_name(lifecycle.settings))
    metrics.createOrReplaceTempView("metrics")
    dashboard = json.loads((ROOT / "dashboards/model_health.lvdash.json").read_text())
    for dataset in dashboard["datasets"]:
        answer = spark.sql("".join(dataset["queryLines"]))
        asked = list_fields(dashboard, dataset["name"])
        assert asked <= set(answer.columns)
        found = metrics.where("alert") if dataset["name"] == "alerts" else metrics
        assert answer.isEmpty() == found.isEmpty()


def list_fields(dashboard: dict[str, Any], dataset: str) -> set[str]:
    widgets = [part["widget"] for page in dashboard["pages"] for part in page["layout"]]
    queries = [q["query"] for widget in widgets for q in widget["queries"]]
    return {f["name"] for q in queries if q["datasetName"] == dataset for f in q["fields"]}


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
    mirrored = copies[0]["flights"]
    for name, copy in copies[0].items():
        assert not {str(value) for column in copy for value in copy[column]} & personal, name
        pd.testing.assert_frame_equal(copy, copies[1][name])
    original = lifecycle.read(FLIGHTS)
    expected = original[original["flight_id"].isin(mirrored["flight_id"])]
    for hashed in (c.name for c in FLIGHTS.columns if c.personal == "hash"):
        sizes = [frame.groupby(hashed).size() for frame in (expected, mirrored)]
        assert sorted(sizes[0]) == sorted(sizes[1])
    assert set(copies[0]["outcomes"]["flight_id"]) <= set(mirrored["flight_id"])
    assert 0.45 < len(mirrored) / len(original) < 0.55
    # A larger share gives the further entities their rows of all days.
    whole = lifecycle.mirror({**given, "mirrored_fraction": "1"})
    assert sorted(whole["flights"]["flight_id"]) == sorted(original["flight_id"])


def test_the_model_card_says_what_a_reviewer_asks(lifecycle: Lifecycle) -> None:
    name, client = lifecycle.settings.model_name, lifecycle.workspace.mlflow
    page = read_page(client, name, 1)
    results = lifecycle.read(VALIDATION_RESULTS)
    (decision,) = results[results["check"] == "decision"]["reason"]
    trained = "Trained on</th><td>2013-01-01 to 2013-02-"
    for said in (f"Accepted: {decision}", trained, "better_than_rule_of_thumb", "<svg", "Limits"):
        assert said in page
    with pytest.raises(MlflowException):
        read_page(client, name, 2)
    widgets = {"model_name": name, "model_version": "1"}
    values = TaskValues(lambda key, value: None)
    run_notebook(ROOT / "notebooks/review_model.py", lifecycle.workspace.spark, widgets, values)


def test_a_flight_has_one_score_in_whichever_way(
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
    moved.rows["distance"] *= 1 if sound.left_out else 2
    other_scores = sound.scores[:COMPARED_ROWS] + 1e-6
    monkeypatch.setattr(RegisteredCase, "_ask_native_model", lambda *_: other_scores)
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
    verdicts = [result.verdict for case in (worse, better) for result in check_champion(case)]
    assert verdicts == [Verdict.FAILED, Verdict.PASSED]
    assert len(set(worse.scores)) == 1
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


def test_damage_is_found_and_named(lifecycle: Lifecycle) -> None:
    """The last test: it leaves the tables damaged."""
    spark, settings = lifecycle.workspace.spark, lifecycle.settings
    inspect(lifecycle.workspace, settings)
    for statement, table in DAMAGE:
        spark.sql(statement.format(table.full_name(settings)))
    lifecycle.workspace.mlflow.delete_registered_model_alias(settings.model_name, "champion")
    with pytest.raises(InspectionError) as found:
        inspect(lifecycle.workspace, settings)
    for line, expected in zip(str(found.value).splitlines(), FOUND, strict=True):
        assert re.search(expected, line), line


DAMAGE = (
    ("DELETE FROM {}", QUARANTINE),
    ("INSERT INTO {0} SELECT * FROM {0} ORDER BY known_at DESC LIMIT 1", ORIGIN_DELAYS),
    ("DELETE FROM {} WHERE check = 'decision'", VALIDATION_RESULTS),
    ("INSERT INTO {0} SELECT * FROM {0} LIMIT 1", PREDICTIONS),
    ("UPDATE {} SET probability = 2 WHERE probability > 0.5", PREDICTIONS),
    ("DELETE FROM {}", METRICS),
)
FOUND = (
    r"weather: \d+ rows came in, \d+ are there and 0 in quarantine",
    r"origin_delays: \d+ rows for \d+ keys",
    r"version 1 was not judged",
    r"the alias champion names version none, the last promotion 1",
    r"predictions: 1 flights of .* have none, or several, of 1",
    r"predictions: \d+ are not probabilities",
    r"metrics: none of 2013-04-01 for version 1",
)
