"""Ingestion keeps each row as it was delivered, or puts it readable into quarantine."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from flight_delays.ingestion.contracts import (
    NUMBER,
    REASONS,
    check_delivery,
    judge_rows,
    load_delivery,
)
from flight_delays.ingestion.quarantine import describe_refused
from flight_delays.platform.vocabulary import Column, Table
from flight_delays.platform.windows import Window

DAY = dt.datetime(2013, 3, 10, tzinfo=dt.UTC)
WINDOW = Window(DAY, DAY + dt.timedelta(days=1))
NOON = pd.Timestamp("2013-03-10T12:00", tz="UTC")
NAN, INFINITY = float("nan"), float("inf")
FOREIGN, LONG = "\u00fc\u65e5\n\"'", "x" * 10_000
REFUSED = object()
# For each type, values as people deliver them, and what is stored of each.
VALUES: dict[str, list[tuple[Any, Any]]] = {
    "int": [(1, 1), (-0.0, 0), (2**31 - 1, 2**31 - 1), (None, None), (NAN, None),
            (2**31, REFUSED), (1545.7, REFUSED), (-0.9, REFUSED), (INFINITY, REFUSED)],
    "long": [(2**53 + 1, 2**53 + 1), (7.0, 7), (None, None), (1e19, REFUSED), (0.5, REFUSED)],
    "double": [(0.5, 0.5), (-0.0, 0.0), (7, 7.0), (1e308, 1e308), (Decimal("0.1"), 0.1),
               (None, None), (NAN, None), (INFINITY, REFUSED), (-INFINITY, REFUSED),
               (2**53 + 1, REFUSED)],
    "decimal(6,2)": [(Decimal("1.10"), Decimal("1.10")), (0.1, Decimal("0.10")),
                     (3, Decimal("3.00")), (None, None), (Decimal("12345.67"), REFUSED),
                     (Decimal("0.125"), REFUSED), (INFINITY, REFUSED)],
    "boolean": [(True, True), (False, False), (None, None)],
    "date": [(dt.date(2013, 3, 1), dt.date(2013, 3, 1)), (None, None)],
    "string": [("", ""), ("a", "a"), (FOREIGN, FOREIGN), (LONG, LONG), (None, None), (NAN, None)],
    "timestamp": [(NOON, NOON), (NOON.tz_convert("America/New_York"), NOON), (None, None),
                  (NOON + pd.Timedelta(1, "ns"), REFUSED)],
}  # fmt: skip
THINGS = Table(
    "raw",
    "things",
    "Things.",
    (
        Column("id", "string", "key"),
        Column("at", "timestamp", "UTC"),
        *(Column(kind.split("(")[0], kind, "") for kind in VALUES),
    ),
    ("id",),
    "at",
    owner="the team",
)

Drawn = tuple[str | None, tuple[tuple[Any, Any], ...]]
rows = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", None]),
    st.tuples(*(st.sampled_from(values) for values in VALUES.values())),
)
# Sound values come first in each list: most rows have one bad value or none.
sound = st.tuples(
    st.sampled_from(["f", "g", "h"]), st.tuples(*(st.sampled_from(v[:2]) for v in VALUES.values()))
)


def expect_kept(drawn: list[Drawn]) -> Counter[tuple[Any, ...]]:
    """The rows that are kept: of equal ones, one; of a key with other values, none."""
    stored = [(key, *(value for _, value in values)) for key, values in drawn]
    by_key: dict[str | None, set[tuple[Any, ...]]] = {}
    for row in stored:
        by_key.setdefault(row[0], set()).add(row)
    alone = (next(iter(found)) for found in by_key.values() if len(found) == 1)
    return Counter(row for row in alone if row[0] is not None and REFUSED not in row)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rows | sound, min_size=1, max_size=25))
def test_a_row_is_kept_as_delivered_or_is_readable_in_quarantine(
    spark: SparkSession, drawn: list[Drawn]
) -> None:
    columns: dict[str, Any] = {"id": [key for key, _ in drawn], "at": [NOON] * len(drawn)}
    for number, column in enumerate(THINGS.columns[2:]):
        columns[column.name] = [values[number][0] for _, values in drawn]
    delivery = pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in columns.items()})
    check_delivery(THINGS, delivery)
    judged = judge_rows(load_delivery(spark, THINGS, delivery), THINGS, WINDOW).collect()
    kept = [row for row in judged if not row[REASONS]]
    refused = spark.createDataFrame(
        [(row[NUMBER], row[REASONS]) for row in judged if row[REASONS]],
        f"`{NUMBER}` long, `{REASONS}` array<string>",
    )
    described = describe_refused(refused, THINGS, delivery).collect()
    assert len(kept) + len(described) == len(drawn)
    assert len({row["row_id"] for row in described}) == len(described)
    names = [column.name for column in THINGS.columns if column.name != "at"]
    found = Counter(
        tuple(
            pd.Timestamp(row[name]).tz_localize("UTC")
            if name == "timestamp" and row[name]
            else row[name]
            for name in names
        )
        for row in kept
    )
    assert found == expect_kept(drawn)
    for row in described:
        assert row["reason"]
        assert set(json.loads(row["row"])) == set(THINGS.column_names)
