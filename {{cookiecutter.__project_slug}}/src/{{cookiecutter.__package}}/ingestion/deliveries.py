"""Deliveries: what a source answered to a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NullType

from ..platform.sources import Rows
from ..platform.sql import quote_name
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..settings import Settings
from .contracts import NUMBER


@dataclass(frozen=True)
class Delivery:
    """A source's answer to a run.

    Attributes:
        window: The days that the table lacks, up to `as_of`.
        asked: The stretch that the source was asked for: the window and the lookback before it.
        rows: The rows as the source delivered them; those of a Spark frame have a number each.
    """

    window: Window
    asked: Window
    rows: Rows


@contextmanager
def stage(
    settings: Settings, deliveries: Mapping[Table, Delivery]
) -> Iterator[dict[Table, Delivery]]:
    """Holds the rows of Spark frames in tables of their own, which are dropped at the end.

    Spark computes a frame each time that the frame is used: without a copy, other rows could be
    stored than those that were judged.
    """
    with ExitStack() as staged:
        yield {
            table: delivery
            if isinstance(delivery.rows, pd.DataFrame)
            else replace(delivery, rows=staged.enter_context(_copy(settings, table, delivery.rows)))
            for table, delivery in deliveries.items()
        }


@contextmanager
def _copy(settings: Settings, table: Table, rows: DataFrame) -> Iterator[DataFrame]:
    spark, name = rows.sparkSession, f"{settings.raw}.staged_{table.name}"
    overwrite = number_rows(rows).write.format("delta").mode("overwrite")
    try:
        overwrite.option("overwriteSchema", "true").saveAsTable(name)
        yield spark.table(name)
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {quote_name(name)}")


def number_rows(rows: DataFrame) -> DataFrame:
    """Gives each row a number; a column without a type, as of nulls alone, becomes a text."""
    nothing = [f.name for f in rows.schema if isinstance(f.dataType, NullType)]
    texts = {name: F.col(name).cast("string") for name in nothing}
    return rows.withColumns({**texts, NUMBER: F.monotonically_increasing_id()})
