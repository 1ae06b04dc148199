"""Computes by pandas alone what the lifecycle must have made of the sample.

The integration test plays the lifecycle once, and calls each function of `EXPECTATIONS` with it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from {{ cookiecutter.__package }}.inference.tables import PREDICTIONS
from {{ cookiecutter.__package }}.ingestion.tables import QUARANTINE
from {{ cookiecutter.__package }}.monitoring.tables import METRICS
from {{ cookiecutter.__package }}.platform.sources import Context
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.registry.loading import load_model
from {{ cookiecutter.__package }}.registry.predicting import score
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import (
    SOURCES,
    read_flights,
    read_timetable,
    read_weather,
)
from {{ cookiecutter.__package }}.use_case.tables import (
    CARRIER_DELAYS,
    FLIGHTS,
    ORIGIN_DELAYS,
    ORIGIN_WEATHER,
    WEATHER,
)
from {{ cookiecutter.__package }}.validation.tables import VALIDATION_RESULTS

# The date of the run that the integration test plays.
AS_OF = "2013-04-01"


def provide(_: Context) -> None:
    """Provides what the sources fetch in tests, such as files in `landing`; these need nothing."""


def expect_raw_tables_to_hold_what_was_known(lifecycle: Any) -> None:
    timetable, weather, cutoff = read_timetable(), read_weather(), lifecycle.settings.cutoff
    published = timetable[timetable["known_at"] < cutoff]
    assert len(lifecycle.read(FLIGHTS)) == len(published)
    observed = weather[weather["observed_at"] < cutoff]
    kept, refused = lifecycle.read(WEATHER), lifecycle.read(QUARANTINE)
    assert len(kept) + len(refused) == len(observed)
    assert set(refused["reason"]) == {"wind_speed: above 200"}


def expect_a_feature_to_be_what_pandas_computes_for_its_hour(lifecycle: Any) -> None:
    features = lifecycle.read(CARRIER_DELAYS)
    hour = pd.Timestamp("2013-03-14T21:00")
    outcomes = SOURCES["outcomes"](
        lifecycle.context, Window(PROBLEM.first_day, lifecycle.settings.cutoff)
    )
    known = outcomes["known_at"].dt.tz_localize(None)
    last = outcomes[(outcomes["carrier"] == "UA") & (known <= hour)]
    last = last[known > hour - pd.Timedelta(hours=24)]
    (row,) = features[(features["carrier"] == "UA") & (features["known_at"] == hour)].itertuples()
    assert row.carrier_landed_24h == len(last)
    assert row.carrier_late_share_24h == pytest.approx((last["arrival_delay"] > 15).mean())


def expect_predictions_of_the_windows_flights(lifecycle: Any) -> None:
    predictions, flights, cutoff = (
        lifecycle.read(PREDICTIONS),
        read_flights(),
        lifecycle.settings.cutoff,
    )
    departs, day = flights["scheduled_departure"], dt.timedelta(days=1)
    window = flights[(departs >= cutoff - 28 * day) & (departs < cutoff + day)]
    assert set(predictions["flight_id"]) == set(window["flight_id"])
    in_time = predictions[predictions["days_ahead"].notna()]
    assert set(in_time["flight_id"]) == set(
        flights[departs.between(cutoff, cutoff + day, "left")]["flight_id"]
    )
    model = load_model(lifecycle.workspace.mlflow, lifecycle.settings.model_name, 1)
    rows = join_by_hand(lifecycle, window).sort_values("flight_id")
    stored = predictions.sort_values("flight_id")["score"].to_numpy()
    assert score(model, rows) == pytest.approx(stored, abs=1e-9)


def expect_an_honest_model_that_is_good_and_not_too_good(lifecycle: Any) -> None:
    results = lifecycle.read(VALIDATION_RESULTS).set_index("check")
    assert 0.6 < results.loc["primary", "value"] < 0.8


def expect_monitored_performance_of_predictions_and_labels(lifecycle: Any) -> None:
    metrics = lifecycle.read(METRICS)
    aucs = metrics[(metrics["kind"] == "performance") & (metrics["statistic"] == "primary")]
    assert list(aucs["subject"]) == ["afterwards"]
    (auc,) = aucs["value"]
    joined = lifecycle.read(PREDICTIONS).merge(read_flights(), on="flight_id")
    outcomes = SOURCES["outcomes"](
        lifecycle.context, Window(PROBLEM.first_day, lifecycle.settings.cutoff)
    )
    joined = joined[joined["flight_id"].isin(outcomes["flight_id"])]
    expected = roc_auc_score(joined["arrival_delay"] > 15, joined["score"])
    assert auc == pytest.approx(expected, abs=1e-9)


EXPECTATIONS = (
    expect_raw_tables_to_hold_what_was_known,
    expect_a_feature_to_be_what_pandas_computes_for_its_hour,
    expect_predictions_of_the_windows_flights,
    expect_an_honest_model_that_is_good_and_not_too_good,
    expect_monitored_performance_of_predictions_and_labels,
)
# How long after the time of a source's row the row is known.
KNOWN_AFTER = {"outcomes": dt.timedelta(0), "weather": dt.timedelta(hours=1)}


def join_by_hand(lifecycle: Any, flights: pd.DataFrame) -> pd.DataFrame:
    """What the model takes, joined to flights by pandas alone."""
    at = flights["scheduled_departure"].dt.floor("D").dt.tz_localize(None)
    rows = flights.assign(at=at).sort_values("at")
    # The keys are named here, so that the declaration of a table is tested as well.
    for table, key in [
        (ORIGIN_WEATHER, "origin"),
        (ORIGIN_DELAYS, "origin"),
        (CARRIER_DELAYS, "carrier"),
    ]:
        features = lifecycle.read(table).sort_values("known_at")
        rows = pd.merge_asof(
            rows, features, left_on="at", right_on="known_at", by=key, allow_exact_matches=False
        )
        rows = rows.drop(columns="known_at")
    return rows
