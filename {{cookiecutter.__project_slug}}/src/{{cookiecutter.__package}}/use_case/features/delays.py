"""Recent delays of landed flights, by any entity: an airport, a carrier."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from ...platform.windows import Window

LATE_AFTER_MINUTES = 15
HOUR = 3600
# Each feature sums up the flights that landed in so many hours.
DELAY_HOURS = (3, 24)
LONGEST_HOURS = max(DELAY_HOURS)
# A report that follows another one of its flight within this time corrects that one.
CORRECTED_WITHIN = dt.timedelta(days=7)


def compute_delays(outcomes: DataFrame, entity: str, window: Window) -> DataFrame:
    """Computes a row for each entity and full hour, over the flights that had landed by then.

    A flight counts by its first report: a correction is no further landing.

    Args:
        outcomes: The outcomes that became known from `LONGEST_HOURS` and `CORRECTED_WITHIN` before
            the window to its end.
        entity: A column of `outcomes`; the key of the rows, and the prefix of their features.
    """
    slots = _sum_by_slot(_leave_corrections_out(outcomes), entity)
    hours = _list_hours(slots, entity).join(slots, [entity, "slot"], "left")
    features = [c for h in DELAY_HOURS for c in _roll(entity, h)]
    rolled = hours.select(entity, F.timestamp_seconds("slot").alias("known_at"), *features)
    return window.select(rolled, "known_at")


def _leave_corrections_out(outcomes: DataFrame) -> DataFrame:
    # Compared with the report before, and not with the first: which reports count must not depend
    # on how far back the rows go.
    before = F.lag("known_at").over(Over.partitionBy("flight_id").orderBy("known_at"))
    followed = outcomes.withColumn("report before", before)
    first = F.col("report before").isNull() | (
        F.col("known_at") - F.col("report before") > F.lit(CORRECTED_WITHIN)
    )
    return followed.where(first).drop("report before")


def _sum_by_slot(outcomes: DataFrame, entity: str) -> DataFrame:
    # A landing counts from the first full hour at or after the moment it was known.
    slot = (F.ceil(F.unix_micros("known_at") / (HOUR * 1_000_000)) * HOUR).alias("slot")
    late = (F.col("arrival_delay") > LATE_AFTER_MINUTES).cast("double")
    return outcomes.groupBy(entity, slot).agg(
        F.count("*").cast("double").alias("landed"),
        F.sum(late).alias("late"),
        F.sum("arrival_delay").alias("delay"),
    )


def _list_hours(slots: DataFrame, entity: str) -> DataFrame:
    # Each landing gives rows for the hours in which the longest feature still counts it. So the
    # hours up to now do not depend on later landings.
    hours = F.sequence("slot", F.col("slot") + LONGEST_HOURS * HOUR, F.lit(HOUR))
    return slots.select(entity, F.explode(hours).alias("slot")).distinct()


def _roll(entity: str, hours: int) -> list[Column]:
    over = Over.partitionBy(entity).orderBy("slot").rangeBetween(-(hours - 1) * HOUR, 0)
    landed = F.coalesce(F.sum("landed").over(over), F.lit(0.0))
    some = F.when(landed > 0, landed)
    return [
        landed.alias(f"{entity}_landed_{hours}h"),
        (F.sum("late").over(over) / some).alias(f"{entity}_late_share_{hours}h"),
        (F.sum("delay").over(over) / some).alias(f"{entity}_mean_delay_{hours}h"),
    ]
