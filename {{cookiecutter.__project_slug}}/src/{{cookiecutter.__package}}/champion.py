"""Which model version is the champion, now or at an earlier date."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .settings import Settings
from .tables import PROMOTIONS

CHAMPION = "champion"


def find_champion(spark: SparkSession, settings: Settings, before: bool = False) -> int | None:
    """The version that was champion on `as_of`; None when there was none yet.

    Args:
        before: Leaves out promotions of `as_of` itself.
    """
    promotions = spark.table(PROMOTIONS.full_name(settings))
    limit = F.lit(settings.as_of)
    known = promotions.where(F.col("as_of") < limit if before else F.col("as_of") <= limit)
    return _take_last(known)


def find_latest_champion(spark: SparkSession, settings: Settings) -> int | None:
    """The version promoted last, whatever the run's `as_of`."""
    return _take_last(spark.table(PROMOTIONS.full_name(settings)))


def _take_last(promotions: DataFrame) -> int | None:
    last = promotions.orderBy(F.desc("as_of"), F.desc("model_version")).limit(1).collect()
    return last[0].model_version if last else None
