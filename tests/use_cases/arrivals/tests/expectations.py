"""Computes by pandas alone what the lifecycle must have made of the departures."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.platform.sources import Context
from flight_delays.use_case.sources import read_departures
from flight_delays.use_case.tables import AIRPORT_FACTS, CARRIER_ARRIVALS
from flight_delays.validation.tables import VALIDATION_RESULTS

# The date of the run that the integration test plays.
AS_OF = "2013-04-01"


def provide(_: Context) -> None:
    """Provides what the sources fetch in tests; these need nothing."""


# How long after the time of a source's row the row is known.
KNOWN_AFTER: dict[str, dt.timedelta] = {}


def expect_a_feature_to_be_what_pandas_computes(lifecycle: Any) -> None:
    features, departures = lifecycle.read(CARRIER_ARRIVALS), read_departures()
    landed = departures[departures["carrier"] == "DL"].dropna(subset=["delay"])
    minutes = landed["dep_delay"] + landed["air_time"] + 60
    known_at = landed["scheduled_at"] + pd.to_timedelta(minutes, unit="min")
    at = pd.Timestamp("2013-03-14T21:00Z")
    last = landed[(known_at <= at) & (known_at > at - pd.Timedelta("24h"))]
    chosen = (features["carrier"] == "DL") & (features["known_at"] == at.tz_localize(None))
    (row,) = features[chosen].itertuples()
    assert (row.arrived, row.mean_delay) == (len(last), pytest.approx(last["delay"].mean()))


def expect_an_airport_to_be_found_whatever_the_moment(lifecycle: Any) -> None:
    facts = lifecycle.read(AIRPORT_FACTS).set_index("destination")
    assert facts.loc["SFO", "longitude"] == pytest.approx(-122.37, abs=0.1)


def expect_predictions_of_all_classes(lifecycle: Any) -> None:
    predictions = lifecycle.read(PREDICTIONS)
    sums = predictions["scores"].map(lambda scores: sum(dict(scores).values()))
    assert sums.to_numpy() == pytest.approx(1.0)
    assert set(predictions["days_ahead"].dropna()) == {0, 1}
    assert predictions["predicted"].nunique() > 1


def expect_a_model_that_knows_more_than_the_rates(lifecycle: Any) -> None:
    results = lifecycle.read(VALIDATION_RESULTS).set_index("check")
    assert results.loc["better_than_naive", "lower"] > 0


EXPECTATIONS = (
    expect_a_feature_to_be_what_pandas_computes,
    expect_an_airport_to_be_found_whatever_the_moment,
    expect_predictions_of_all_classes,
    expect_a_model_that_knows_more_than_the_rates,
)
