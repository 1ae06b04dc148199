"""The table and the charts of the notebook `explore`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ..platform.examples import describe_examples, label_examples
from ..platform.problem import LABEL
from .problem import LOCAL_TIME, PROBLEM
from .tables import FLIGHTS, OUTCOMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A group of fewer flights has an extreme share by chance, which dwarfs the others in a chart.
LEAST_FLIGHTS = 100


def read_late_flights(spark: SparkSession, source: str, as_of: str) -> DataFrame:
    """Reads the flights whose label was known on a date.

    Args:
        source: `catalog.schema` of the raw tables.
        as_of: YYYY-MM-DD.
    """
    cutoff = dt.datetime.fromisoformat(as_of).replace(tzinfo=dt.UTC)
    flights = describe_examples(PROBLEM, spark.table(f"{source}.{FLIGHTS.name}"), cutoff)
    return label_examples(PROBLEM, flights, spark.table(f"{source}.{OUTCOMES.name}"), cutoff)


def plot_late_shares(flights: DataFrame) -> Figure:
    """Plots the share of late flights by hour of day, carrier and week, as one figure.

    Usage: `display(plot_late_shares(read_late_flights(spark, "prod.raw", "2013-05-13")))`.

    Groups of fewer than `LEAST_FLIGHTS` flights are left out.
    """
    from matplotlib.figure import Figure

    week = F.date_trunc("week", "scheduled_departure").alias("week")
    hour = F.hour(F.from_utc_timestamp("scheduled_departure", LOCAL_TIME))
    groups = {"hour of day": hour, "carrier": F.col("carrier"), "week": week}
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, (title, group) in zip(
        figure.subplots(1, 3, sharey=True), groups.items(), strict=True
    ):
        share, count = F.avg(LABEL).alias("late"), F.count("*").alias("flights")
        shares = flights.groupBy(group.alias("group")).agg(share, count)
        rows = shares.where(F.col("flights") >= LEAST_FLIGHTS).orderBy("group").toPandas()
        axes.bar(rows["group"], rows["late"] * 100, width=5 if title == "week" else 0.8)
        axes.set_xlabel(title)
        axes.tick_params(axis="x", labelrotation=0 if title == "hour of day" else 90)
    figure.axes[0].set_ylabel("late flights, %")
    return figure
