"""Finds the champion, now or on an earlier date, and the champion that a version competes with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from mlflow import MlflowClient
from pyspark.sql import Row, SparkSession

from ..settings import Settings
from .tables import PROMOTIONS
from .versions import DatedVersion, get_version

CHAMPION = "champion"
PREVIOUS = "previous_champion"


def find_champion(spark: SparkSession, settings: Settings) -> int | None:
    """Finds the version that was champion on `as_of`; None before the first promotion.

    Usage: `find_champion(workspace.spark, settings)`.
    """
    known = [row for row in read_promotions(spark, settings) if row.as_of <= settings.as_of]
    return known[-1].model_version if known else None


def read_promotions(spark: SparkSession, settings: Settings) -> list[Row]:
    """Reads all promotions and rollbacks, of whatever date; the last one counts now.

    Of rows that share a number, as two jobs may write them at once, the earliest counts alone.
    """
    rows = spark.table(PROMOTIONS.full_name(settings)).collect()
    rows.sort(key=lambda row: (row.changed_at, row.model_version, row.kind), reverse=True)
    counted = {row.number: row for row in rows}
    return sorted(counted.values(), key=lambda row: (row.as_of, row.number))


def find_bar(promotions: Sequence[Row], version: int) -> Row | None:
    """Finds the rollback that left a version; None once the version is champion again."""
    for row in reversed(promotions):
        if row.model_version == version:
            return None
        if row.kind == "rollback" and row.former_version == version:
            return row
    return None


def list_barred(promotions: Sequence[Row]) -> list[int]:
    """Lists the versions that were rolled back from and have not become champion since."""
    left = {row.former_version for row in promotions if row.kind == "rollback"}
    return sorted(version for version in left if find_bar(promotions, version))


def find_rival(
    promotions: Sequence[Row], as_of: dt.date, version: int, exists: Callable[[int], bool]
) -> int | None:
    """Finds the champion of `as_of` that a version competes with; None without such a champion.

    The version itself does not count, nor a champion that was deleted or rolled back from: the
    champion before takes its place.

    Args:
        exists: Whether the registry still has a version.
    """
    known = [row for row in promotions if row.as_of <= as_of]
    champions = (row.model_version for row in reversed(known))
    others = (v for v in champions if v != version and not find_bar(known, v))
    return next((other for other in others if exists(other)), None)


def find_registered_rival(
    client: MlflowClient, name: str, promotions: Sequence[Row], version: DatedVersion
) -> int | None:
    """Finds the rival of a version on its date among the versions that the registry still has."""

    def exists(number: int) -> bool:
        return get_version(client, name, number) is not None

    return find_rival(promotions, version.as_of, version.number, exists)
