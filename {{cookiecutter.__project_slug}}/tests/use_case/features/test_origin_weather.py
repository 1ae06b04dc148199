"""An observation is known an hour after it was made."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.features.rows import compute_rows
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.use_case.tables import ORIGIN_WEATHER, WEATHER

HOUR = pd.Timestamp("2013-03-01T05:00", tz="UTC")
GOOD = {
    column.name: "JFK" if column.type == "string" else 40.0
    for column in WEATHER.columns
    if column.type != "timestamp"
}


def test_rows_are_those_that_become_known_in_the_window(spark: SparkSession) -> None:
    hours = [HOUR + pd.Timedelta(hours=h) for h in range(4)]
    observed = [{**GOOD, "observed_at": h, "temperature": 40.0 + i} for i, h in enumerate(hours)]
    weather = spark.createDataFrame(pd.DataFrame(observed))
    window = Window(
        (HOUR + dt.timedelta(hours=2)).to_pydatetime(),
        (HOUR + dt.timedelta(hours=4)).to_pydatetime(),
    )
    rows = compute_rows(ORIGIN_WEATHER, weather, window).orderBy("known_at").collect()
    known = [pd.Timestamp(row.known_at, tz="UTC") for row in rows]
    assert known == [hours[2], hours[3]]
    assert [row.temperature for row in rows] == [41.0, 42.0]
    assert list(rows[0].asDict()) == [column.name for column in ORIGIN_WEATHER.columns]
