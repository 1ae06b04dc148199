"""Delta's `DeltaTable` over Spark Connect, as far as the feature client uses it.

Delta's own one needs a plugin in the server, `delta-connect-server`, which is not published for
Spark 4.1. Any other call raises, naming the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from delta.connect import tables
from pyspark.sql import Column, DataFrame, SparkSession

Made = TypeVar("Made", bound=type)


def standing_in_for(original: type) -> Callable[[Made], Made]:
    """Gives a class the other methods of the original: each refuses, naming itself."""

    def complete(made: Made) -> Made:
        for name in dir(original):
            if not (name.startswith("_") or hasattr(made, name)):
                setattr(made, name, staticmethod(_make_refusal(f"{original.__name__}.{name}")))
        return made

    return complete


def _make_refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(f"{name} over Spark Connect needs a workspace: use SQL instead")

    return refuse


@standing_in_for(tables.DeltaTable)
@dataclass(frozen=True)
class DeltaTable:
    """A table by its name."""

    spark: SparkSession
    table: str
    known_as: str = "target"

    @classmethod
    def forName(cls, sparkSession: SparkSession, tableOrViewName: str) -> DeltaTable:
        """Finds a table.

        Raises:
            pyspark.errors.AnalysisException: There is no such table.
        """
        found = cls(sparkSession, tableOrViewName)
        # Connect looks for the table only when something is asked of it.
        _ = found.toDF().schema
        return found

    def toDF(self) -> DataFrame:
        """Returns the table's rows."""
        return self.spark.table(self.table)

    def alias(self, aliasName: str) -> DeltaTable:
        """Returns the table under a name that conditions may use."""
        return replace(self, known_as=aliasName)

    def merge(self, source: DataFrame, condition: str) -> DeltaMergeBuilder:
        """Begins a merge of a frame that has an alias of its own."""
        return DeltaMergeBuilder(self, source, condition)


@standing_in_for(tables.DeltaMergeBuilder)
@dataclass(frozen=True)
class DeltaMergeBuilder:
    """A merge before it is executed."""

    target: DeltaTable
    source: DataFrame
    condition: str
    clauses: tuple[str, ...] = ()

    def whenMatchedUpdate(self, *, set: Mapping[str, str | Column]) -> DeltaMergeBuilder:
        """Adds: set columns of rows that are there."""
        pairs = ", ".join(f"{name} = {_to_sql(value)}" for name, value in set.items())
        return self._add(f"WHEN MATCHED THEN UPDATE SET {pairs}")

    def whenNotMatchedInsert(self, *, values: Mapping[str, str | Column]) -> DeltaMergeBuilder:
        """Adds: insert rows that are missing."""
        names, given = ", ".join(values), ", ".join(map(_to_sql, values.values()))
        return self._add(f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({given})")

    def _add(self, clause: str) -> DeltaMergeBuilder:
        return replace(self, clauses=(*self.clauses, clause))

    def execute(self) -> DataFrame:
        """Merges, in one transaction."""
        # SQL wants WHEN MATCHED first; the feature client adds the clauses in the other order.
        clauses = " ".join(sorted(self.clauses))
        head = f"MERGE INTO {self.target.table} AS {self.target.known_as} USING "
        tail = f" AS {_find_alias(self.source)} ON {self.condition} {clauses}"
        statement = "{source}".join(map(_escape_braces, (head, tail)))
        return self.target.spark.sql(statement, source=self.source)


def _find_alias(frame: Any) -> str:
    return str(frame._plan._alias)


def _escape_braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _to_sql(value: str | Column) -> str:
    if isinstance(value, str):
        return value
    if str(value) == "Column<'NULL'>":
        return "NULL"
    raise NotImplementedError(f"{value} in a merge over Spark Connect: give SQL as a text")
