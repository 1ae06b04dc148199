"""Windows of time.

A window follows from `as_of` and from the record of finished windows, never from the clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time, [start, end), in UTC."""

    start: dt.datetime
    end: dt.datetime

    def contains(self, time: Column | str) -> Column:
        """Returns the condition that a timestamp column lies inside.

        Usage: `rows.where(window.contains("observed_at"))`.
        """
        column = F.col(time) if isinstance(time, str) else time
        return (column >= F.lit(self.start)) & (column < F.lit(self.end))

    def select(self, frame: DataFrame, time: str) -> DataFrame:
        """Selects the rows of `frame` whose `time` lies inside.

        Usage: `window.select(rows, "observed_at")`.
        """
        return frame.where(self.contains(time))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
