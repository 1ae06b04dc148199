"""Which model version is the champion, now or at an earlier date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from ..settings import Settings
from .tables import PROMOTIONS

CHAMPION = "champion"
PREVIOUS = "previous_champion"


def find_champion(spark: SparkSession, settings: Settings) -> int | None:
    """The version that was champion on `as_of`; None when there was none yet."""
    promotions = spark.table(PROMOTIONS.full_name(settings))
    known = promotions.where(F.col("as_of") <= F.lit(settings.as_of))
    last = known.orderBy(F.desc("as_of"), F.desc("number")).limit(1).collect()
    return last[0].model_version if last else None


def read_promotions(spark: SparkSession, settings: Settings) -> list[Row]:
    """All promotions and rollbacks, whatever the run's `as_of`; the last one counts now."""
    rows = spark.table(PROMOTIONS.full_name(settings))
    return rows.orderBy("as_of", "number").collect()


def find_bar(promotions: Sequence[Row], version: int) -> Row | None:
    """The rollback that left a version, unless it became champion again after that."""
    for row in reversed(promotions):
        if row.model_version == version:
            return None
        if row.kind == "rollback" and row.former_version == version:
            return row
    return None


def find_rival(
    promotions: Sequence[Row], as_of: dt.date, version: int, exists: Callable[[int], bool]
) -> int | None:
    """Who a version has to compare with: the champion of `as_of`, itself left out.

    Champions that were rolled back from or deleted do not count; None when none is left.

    Args:
        exists: Whether the registry still has a version.
    """
    known = [row for row in promotions if row.as_of <= as_of]
    champions = (row.model_version for row in reversed(known))
    others = (v for v in champions if v != version and not find_bar(known, v))
    return next((other for other in others if exists(other)), None)
