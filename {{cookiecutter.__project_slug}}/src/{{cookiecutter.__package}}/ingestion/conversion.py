"""Brings delivered values into the contract's types, or to null where they would become others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from ..platform.vocabulary import DECIMAL, Column

NUMBERS = frozenset({"floating", "integer", "decimal"})
# The kinds of values that a column accepts, in pandas' words, by the first word of its type.
MEANINGS = {
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date", "datetime"}),
    "decimal": NUMBERS,
    "double": NUMBERS,
    "int": NUMBERS,
    "long": NUMBERS,
    "string": frozenset({"string"}),
    "timestamp": frozenset({"datetime"}),
}
LARGEST = {"int": 2**31 - 1, "long": 2**63 - 1}


def find_fault(column: Column, values: pd.Series) -> str | None:
    """Finds why values are not of a column's type, whatever type pandas keeps them in."""
    some = values.dropna()
    if some.empty:
        return None
    meanings = name_meanings(some)
    if not meanings <= MEANINGS[get_kind(column)]:
        found = " and ".join(sorted(meanings))
        return f"is {found} ({values.dtype}), the contract says {column.type}"
    if column.type == "timestamp" and not column.zone and has_naive_times(some):
        return "has times without a time zone: deliver UTC, or declare the column's zone"
    return None


def name_meanings(values: pd.Series) -> set[str]:
    """Says what some values are, in pandas' words: a word for each Python type among them."""
    # Where pandas keeps values as objects they can differ; elsewhere the first one stands for all.
    plain = values.astype(object) if values.dtype.kind == "O" else values.iloc[:1]
    first = plain[~plain.map(type).duplicated()]
    return {pd.api.types.infer_dtype([value]) for value in first}


def has_naive_times(values: pd.Series) -> bool:
    """Whether any of some times has no time zone."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return False
    return any(value.tzinfo is None for value in values.astype(object))


def get_kind(column: Column) -> str:
    """Returns the first word of a column's type: decimal for decimal(9,2)."""
    return column.type.split("(")[0]


def convert(column: Column, values: pd.Series) -> pd.Series:
    """Converts values to a column's type; one that would become another value becomes null."""
    if values.isna().all():
        return pd.Series([None] * len(values), dtype=object)
    return CONVERSIONS[get_kind(column)](column, values.reset_index(drop=True))


def _to_double(_: Column, values: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(values):
        return values.astype("Float64")

    def fit(value: Any) -> float | None:
        number = float(value)
        return number if Decimal(str(number)) == Decimal(str(value)) else None

    return _map(values, fit).astype("Float64")


def _to_whole(column: Column, values: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(values):
        return values.where(values.abs() <= LARGEST[column.type]).astype("Int64")
    return _map(values, lambda value: _find_whole(value, LARGEST[column.type])).astype("Int64")


def _find_whole(value: Any, largest: int) -> int | None:
    finite = np.isfinite(float(value)) and abs(value) <= largest and value == int(value)
    return int(value) if finite else None


def _to_decimal(column: Column, values: pd.Series) -> pd.Series:
    precision, scale = map(int, DECIMAL.fullmatch(column.type).groups())  # type: ignore[union-attr]

    def fit(value: Any) -> Decimal | None:
        # The text of a float is the shortest number that the float stands for.
        number = Decimal(str(value))
        try:
            fitted = number.quantize(Decimal(1).scaleb(-scale))
        except InvalidOperation:
            return None
        return fitted if fitted == number and len(fitted.as_tuple().digits) <= precision else None

    return _map(values, fit)


def _to_string(_: Column, values: pd.Series) -> pd.Series:
    return values.astype("string")


def _to_boolean(_: Column, values: pd.Series) -> pd.Series:
    return values.astype("boolean")


def _to_date(_: Column, values: pd.Series) -> pd.Series:
    def cut(value: dt.date) -> dt.date | None:
        if not isinstance(value, dt.datetime):
            return value
        return value.date() if value.time() == dt.time() else None

    return _map(values, cut)


def _to_timestamp(column: Column, values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        times = values.dt.tz_convert("UTC")
    else:
        plain = values.astype(object)
        naive = plain.map(lambda value: value is not pd.NaT and getattr(value, "tzinfo", 1) is None)
        times = pd.Series(pd.NaT, values.index, dtype="datetime64[ns, UTC]")
        times[~naive] = pd.to_datetime(plain[~naive], utc=True)
        if naive.any():
            local = pd.to_datetime(plain[naive]).dt
            there = local.tz_localize(column.zone, ambiguous="NaT", nonexistent="NaT")
            times[naive] = there.dt.tz_convert("UTC")
    # Spark has microseconds.
    fitted: pd.Series = times.where(times == times.dt.floor("us"))
    return fitted


def _map(values: pd.Series, change: Callable[[Any], Any]) -> pd.Series:
    changed = [None if pd.isna(value) else change(value) for value in values.astype(object)]
    return pd.Series(changed, dtype=object)


CONVERSIONS: dict[str, Callable[[Column, pd.Series], pd.Series]] = {
    "boolean": _to_boolean,
    "date": _to_date,
    "decimal": _to_decimal,
    "double": _to_double,
    "int": _to_whole,
    "long": _to_whole,
    "string": _to_string,
    "timestamp": _to_timestamp,
}
