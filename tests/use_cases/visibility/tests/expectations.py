"""Computes by pandas alone what the lifecycle must have made of the weather."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.monitoring.tables import METRICS
from flight_delays.platform.sources import Context
from flight_delays.use_case.sources import read_weather
from flight_delays.use_case.tables import RECENT_VISIBILITY, WEATHER

# The date of the run that the integration test plays.
AS_OF = "2013-04-01"


def provide(_: Context) -> None:
    """Provides what the sources fetch in tests; these need nothing."""


# How long after the time of a source's row the row is known.
KNOWN_AFTER = {"weather": dt.timedelta(hours=1)}


def expect_a_feature_to_be_what_pandas_computes(lifecycle: Any) -> None:
    features, weather = lifecycle.read(RECENT_VISIBILITY), read_weather()
    until = pd.Timestamp("2013-03-14T20:00Z")
    at = weather["observed_at"]
    last = weather[(weather["origin"] == "JFK") & (at <= until) & (at > until - pd.Timedelta("3h"))]
    known_at = pd.Timestamp("2013-03-14T21:00")
    (row,) = features[
        (features["origin"] == "JFK") & (features["known_at"] == known_at)
    ].itertuples()
    assert row.visibility_3h == pytest.approx(last["visibility"].mean())


def expect_an_error_that_is_measured_again_by_pandas(lifecycle: Any) -> None:
    predictions, weather = lifecycle.read(PREDICTIONS), lifecycle.read(WEATHER)
    both = predictions.merge(weather, on=["origin", "observed_at"])
    assert len(both) == len(predictions) > 1_900
    metrics = lifecycle.read(METRICS)
    (error,) = metrics[metrics["statistic"] == "primary"]["value"]
    assert error == pytest.approx((both["visibility"] - both["score"]).abs().mean())
    assert error < (both["visibility"] - 10).abs().mean()


EXPECTATIONS = (
    expect_a_feature_to_be_what_pandas_computes,
    expect_an_error_that_is_measured_again_by_pandas,
)
