"""Contracts agree with an oracle in plain Python, and no row is ever lost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from flight_delays.ingestion.contracts import REASONS, judge_rows, load_delivery
from flight_delays.ingestion.task import STATE, compare_with_stored
from flight_delays.platform.windows import Window
from flight_delays.use_case.tables import OUTCOMES

CUTOFF = dt.datetime(2013, 2, 1, tzinfo=dt.UTC)
WINDOW = Window(CUTOFF - dt.timedelta(hours=2), CUTOFF)
NAMES = [column.name for column in OUTCOMES.columns]

rows = st.tuples(
    st.sampled_from(["a", "b", "c", None]),
    st.sampled_from([CUTOFF - dt.timedelta(hours=h) for h in (-1, 0, 1, 2, 3)]),
    st.sampled_from(["UA", "AA"]),
    st.sampled_from(["JFK", "EWR", "BOS"]),
    st.sampled_from([0.0, -121.0, 5.0, None]),
    st.sampled_from([1.0, 2881.0, -180.0, None]),
)

# Few different rows, and sound ones among them, so that keys are shared and rows repeated.
sound = st.tuples(
    st.sampled_from(["a", "b", "d", "e"]),
    st.just(CUTOFF - dt.timedelta(hours=1)),
    st.just("UA"),
    st.just("JFK"),
    st.just(None),
    st.sampled_from([1.0, 2.0]),
)
pools = st.tuples(st.lists(sound, min_size=5, max_size=9), st.lists(rows, max_size=6)).map(
    lambda parts: parts[0] + parts[1]
)


def load(spark: SparkSession, delivered: list[Any]) -> Any:
    frame = pd.DataFrame(delivered, columns=NAMES)
    frame["known_at"] = pd.to_datetime(frame["known_at"], utc=True)
    numbers = ["departure_delay", "arrival_delay"]
    frame[numbers] = frame[numbers].astype(float)
    return load_delivery(spark, OUTCOMES, frame)


def is_sound(row: Any) -> bool:
    key, known_at, _, origin, departure, arrival = row
    return (
        key is not None
        and WINDOW.start <= known_at < WINDOW.end
        and origin != "BOS"
        and (departure is None or departure >= -120)
        and arrival is not None
        and -180 <= arrival <= 2880
    )


def expect(delivered: list[Any], stored: list[Any]) -> Counter[str]:
    held = {row[:2]: row for row in stored}
    states: Counter[str] = Counter()
    seen: set[Any] = set()
    for row in delivered:
        same_key = {other for other in delivered if other[:2] == row[:2]}
        repeated, conflict = row in seen, len(same_key) > 1
        differs = row[:2] in held and held[row[:2]] != row
        if not is_sound(row) or repeated or conflict or differs:
            states["refused"] += 1
        else:
            states["stored" if row[:2] in held else "new"] += 1
        seen.add(row)
    return states


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(pools, st.data())
def test_states_are_those_of_the_oracle_and_add_up(
    spark: SparkSession, pool: list[Any], data: st.DataObject
) -> None:
    delivered = data.draw(st.lists(st.sampled_from(pool), min_size=15, max_size=30))
    before = data.draw(st.lists(st.sampled_from(pool), max_size=3))
    stored = list({row[:2]: row for row in before if is_sound(row)}.values())
    judged = judge_rows(load(spark, delivered), OUTCOMES, WINDOW)
    compared = compare_with_stored(judged, load(spark, stored), OUTCOMES).collect()
    states = Counter(row[STATE] for row in compared)
    assert states.total() == len(delivered)
    assert states == expect(delivered, stored)
    assert all(bool(row[REASONS]) == (row[STATE] == "refused") for row in compared)
