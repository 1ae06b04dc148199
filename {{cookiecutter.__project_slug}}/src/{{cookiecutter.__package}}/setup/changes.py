"""Changes existing tables to what is declared today, where no value is lost by that."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession
from pyspark.sql.types import DataType, DecimalType, StructField, StructType

from ..platform.parallel import do_in_parallel
from ..platform.sql import quote_name, quote_text
from ..platform.vocabulary import Table
from ..settings import RunSettings

log = logging.getLogger(__name__)

# Each of these types holds every value of the former one.
WIDER = {"int": ("bigint", "double")}
WIDENING = ("delta.enableTypeWidening", "true")
# Delta drops and renames columns only where files know them by other names than the table does.
BY_NAME = ("delta.columnMapping.mode", "name")
ON_A_LAPTOP = "on a laptop, make clean removes all tables, and the next run makes them anew"


class SchemaError(ValueError):
    """Tables differ from their declarations in a way that could lose values; none was changed."""


@dataclass(frozen=True)
class Change:
    """A difference between a table and its declaration.

    Attributes:
        statements: SQL that makes the table as it is declared.
        is_safe: Whether they lose no value, whatever the table holds.
        fills: Of which rows the last statement fills a value in, as a condition; empty for none.
            Without such a row the others are enough, and safe.
    """

    table: str
    reason: str
    statements: tuple[str, ...]
    is_safe: bool = True
    fills: str = ""

    def describe(self) -> str:
        """Says what differs, and what SQL would change that."""
        return f"{self.table}: {self.reason}. If you mean it: {'; '.join(self.statements)}"


def adapt_tables(spark: SparkSession, settings: RunSettings, tables: Iterable[Table]) -> None:
    """Adds and renames columns, relaxes nulls and widens types of the tables that exist.

    A column that becomes required stays as it is where each row has a value: contracts see to the
    rows to come, and open-source Delta cannot require values of a column that is there.

    Raises:
        SchemaError: Another change is declared; the message has the SQL for it.
    """
    found = do_in_parallel(lambda table: find_changes_of(spark, settings, table), tables)
    changes = [change for of_table in found.values() for change in of_table]
    unsafe = [change.describe() for change in changes if not change.is_safe]
    if unsafe:
        raise SchemaError("\n".join([*unsafe, f"no table was changed; {ON_A_LAPTOP}"]))
    for change in changes:
        log.info("%s: %s", change.table, change.reason)
        for statement in change.statements:
            spark.sql(statement)


def find_changes_of(spark: SparkSession, settings: RunSettings, table: Table) -> list[Change]:
    """Finds the differences of a table from its declaration; none where there is no table."""
    name = table.full_name(settings)
    if not spark.catalog.tableExists(name):
        return []
    changes = find_changes(name, spark.table(name).schema, table.struct)
    settled = [_look_for_rows(spark, change) if change.fills else change for change in changes]
    return [change for change in settled if change.statements]


def _look_for_rows(spark: SparkSession, change: Change) -> Change:
    if not spark.table(change.table).where(change.fills).isEmpty():
        return change
    return replace(change, statements=change.statements[:-1], is_safe=True)


def find_changes(name: str, there: StructType, declared: StructType) -> Iterator[Change]:
    """Finds the differences of a table from its declaration, column by column.

    Args:
        name: `catalog.schema.table`.
    """
    known, wanted = ({f.name: f for f in fields} for fields in (there, declared))
    renamed = _find_renamed(known, declared)
    for column in declared:
        if column.name in renamed:
            yield _rename(name, renamed[column.name], column)
        elif column.name not in known:
            yield _add(name, column)
        else:
            yield from _alter(name, known[column.name], column)
    for column in there:
        if column.name not in wanted and column.name not in renamed.values():
            yield Change(name, f"{column.name} is not declared", _drop(name, column), is_safe=False)


def _find_renamed(known: Iterable[str], declared: StructType) -> dict[str, str]:
    """Finds the former names of declared columns that the table knows by these only."""
    former = {c.name: c.metadata["formerly"] for c in declared if "formerly" in c.metadata}
    return {new: old for new, old in former.items() if old in known and new not in known}


def _rename(name: str, former: str, column: StructField) -> Change:
    rename = _write(name, f"RENAME COLUMN {quote_name(former)} TO {quote_name(column.name)}")
    reason = f"{column.name} was called {former}"
    return Change(name, reason, (_set_property(name, *BY_NAME), rename))


def _add(name: str, column: StructField) -> Change:
    kind, comment = column.dataType.simpleString(), quote_text(column.metadata["comment"])
    add = _write(name, f"ADD COLUMNS ({quote_name(column.name)} {kind} COMMENT {comment})")
    if column.nullable:
        return Change(name, f"{column.name} is new", (add,))
    reason = f"{column.name} is new, and required of every row"
    return Change(name, reason, (add, _fill(name, column)), is_safe=False, fills="TRUE")


def _alter(name: str, there: StructField, column: StructField) -> Iterator[Change]:
    old, new = there.dataType.simpleString(), column.dataType.simpleString()
    if old != new:
        reason = f"{column.name} is {old}, declared is {new}"
        if is_wider(there.dataType, column.dataType):
            widen = _alter_column(name, column, f"TYPE {new}")
            yield Change(name, reason, (_set_property(name, *WIDENING), widen))
        else:
            anew = (*_drop(name, column), *_add(name, column).statements)
            yield Change(name, reason, anew, is_safe=False)
    elif column.nullable and not there.nullable:
        relax = _alter_column(name, column, "DROP NOT NULL")
        yield Change(name, f"{column.name} is no longer required", (relax,))
    elif there.nullable and not column.nullable:
        reason = f"{column.name} is now required of every row"
        fill, is_null = _fill(name, column), f"{quote_name(column.name)} IS NULL"
        yield Change(name, reason, (fill,), is_safe=False, fills=is_null)


def is_wider(old: DataType, new: DataType) -> bool:
    """Whether a type holds every value of another one."""
    if isinstance(old, DecimalType) and isinstance(new, DecimalType):
        before_point = new.precision - new.scale >= old.precision - old.scale
        return before_point and new.scale >= old.scale
    return new.simpleString() in WIDER.get(old.simpleString(), ())


def _fill(name: str, column: StructField) -> str:
    quoted = quote_name(column.name)
    return " ".join(("UPDATE", quote_name(name), "SET", quoted, "= ... WHERE", quoted, "IS NULL"))


def _drop(name: str, column: StructField) -> tuple[str, str]:
    return _set_property(name, *BY_NAME), _write(name, f"DROP COLUMN {quote_name(column.name)}")


def _alter_column(name: str, column: StructField, how: str) -> str:
    return _write(name, f"ALTER COLUMN {quote_name(column.name)} {how}")


def _set_property(name: str, key: str, value: str) -> str:
    return _write(name, f"SET TBLPROPERTIES ({quote_text(key)} = {quote_text(value)})")


def _write(name: str, change: str) -> str:
    return f"ALTER TABLE {quote_name(name)} {change}"
