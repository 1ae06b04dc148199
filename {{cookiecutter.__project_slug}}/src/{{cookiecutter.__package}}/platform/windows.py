"""A stretch of time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time, UTC."""

    start: dt.datetime
    end: dt.datetime

    def contains(self, time: Column | str) -> Column:
        """The condition that a timestamp column lies inside."""
        column = F.col(time) if isinstance(time, str) else time
        return (column >= F.lit(self.start)) & (column < F.lit(self.end))

    def select(self, frame: DataFrame, time: str) -> DataFrame:
        """The rows of `frame` whose `time` lies inside."""
        return frame.where(self.contains(time))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
