"""Which model version is the champion, now or at an earlier date."""

from __future__ import annotations

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from .settings import Settings
from .tables import PROMOTIONS

CHAMPION = "champion"
PREVIOUS = "previous_champion"


def find_champion(spark: SparkSession, settings: Settings, before: bool = False) -> int | None:
    """The version that was champion on `as_of`; None when there was none yet.

    Args:
        before: Leaves out what was promoted on `as_of` itself.
    """
    promotions = spark.table(PROMOTIONS.full_name(settings))
    limit = F.lit(settings.as_of)
    known = promotions.where(F.col("as_of") < limit if before else F.col("as_of") <= limit)
    last = _take_last(known)
    return last.model_version if last else None


def find_last_promotion(spark: SparkSession, settings: Settings) -> Row | None:
    """The last promotion or rollback, whatever the run's `as_of`; see `PROMOTIONS`."""
    return _take_last(spark.table(PROMOTIONS.full_name(settings)))


def _take_last(promotions: DataFrame) -> Row | None:
    last = promotions.orderBy(F.desc("as_of"), F.desc("number")).limit(1).collect()
    return last[0] if last else None
