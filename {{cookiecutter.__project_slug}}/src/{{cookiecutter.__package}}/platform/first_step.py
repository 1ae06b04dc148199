"""The first step of every model: it refuses rows that no model may score, and computes inputs.

A version's files carry this step, so training, batch inference, streams and an endpoint compute
alike. Spark's workers and endpoints load it: it needs NumPy, pandas and scikit-learn alone.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

# An endpoint sets this variable: there, features are looked up as they are at the request.
IS_ENDPOINT = "IS_ENDPOINT"
TIMES, TEXT = ("timestamp", "date"), "string"
NUMBERS = ("double", "int", "long", "decimal")


class RefusedError(ValueError):
    """A row must not be scored; the message has the column, its value and what is wrong."""


@dataclass(frozen=True)
class Rule:
    """The rules that a column's values keep; `Column` of `vocabulary.py` describes each field."""

    name: str
    type: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class LookUp:
    """How a feature table is looked up; `FeatureTable` of `vocabulary.py` describes each field."""

    table: str
    keys: tuple[str, ...]
    features: tuple[Rule, ...]
    row_time: str
    greatest_age: dt.timedelta | None
    optional: bool

    def find_rows(self, rows: pd.DataFrame) -> pd.Series:
        """Finds the rows for which the table has one, shape (n,) of booleans."""
        if self.row_time in rows:
            return rows[self.row_time].notna()
        return rows[[rule.name for rule in self.features]].notna().any(axis=1)


@dataclass(frozen=True)
class Fault:
    """A rule that is broken.

    Attributes:
        columns: The columns that the rule is about.
        said: The fault, in words.
        where: The rows that break the rule, shape (n,) of booleans.
    """

    columns: tuple[str, ...]
    said: str
    where: np.ndarray

    @property
    def reason(self) -> str:
        """The reason why these rows are not scored."""
        return f"{', '.join(self.columns)}: {self.said}"


class FirstStep(TransformerMixin, BaseEstimator):
    """The first step of a pipeline, from what is given and looked up to the inputs of the rest.

    Args:
        given: The columns of an example that the model is told.
        lookups: The feature tables that are looked up beside.
        computed: The inputs that `describe` adds.
        describe: See `Problem`.
        event_time: One of `given`.
        inputs: The columns that the rest of the pipeline takes, in order.
    """

    def __init__(
        self,
        given: tuple[Rule, ...],
        lookups: tuple[LookUp, ...],
        computed: tuple[Rule, ...],
        describe: Callable[[pd.DataFrame], pd.DataFrame],
        event_time: str,
        inputs: tuple[str, ...],
    ) -> None:
        self.given = given
        self.lookups = lookups
        self.computed = computed
        self.describe = describe
        self.event_time = event_time
        self.inputs = inputs

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the step takes: those given, features, and the times of their rows."""
        times = (lookup.row_time for lookup in self.lookups if lookup.row_time)
        return (*(rule.name for rule in (*self.given, *self._features)), *times)

    @property
    def _features(self) -> tuple[Rule, ...]:
        return tuple(rule for lookup in self.lookups for rule in lookup.features)

    def fit(self, *_: Any) -> FirstStep:
        """Learns nothing but the names of the columns, which scikit-learn asks for."""
        self.feature_names_in_ = np.array(self.columns, dtype=object)
        return self

    def fit_transform(self, rows: pd.DataFrame, *_: Any) -> pd.DataFrame:
        """Computes the inputs of rows to train on; contracts have judged these rows."""
        return self.fit().compute(rows)

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Computes the inputs of rows to score.

        Raises:
            RefusedError: A row breaks a rule.
        """
        inputs, faults = self.examine(rows)
        if faults:
            refuse(rows, inputs, faults)
        return inputs

    def compute(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Computes the inputs of rows, whatever rules they break."""
        return self._describe(rows)[list(self.inputs)]

    def examine(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
        """Computes the inputs of rows, and finds the rules that are broken."""
        known = self._describe(rows)
        rules = (*self.given, *self.computed, *self._features)
        faults = (*self._find_unread(rows, known), *self._find_absent(known))
        faults += (*find_nulls(rules, rows, known), *find_broken(rules, known))
        return known[list(self.inputs)], [fault for fault in faults if fault.where.any()]

    def _describe(self, rows: pd.DataFrame) -> pd.DataFrame:
        read = {r.name: read_column(rows[r.name], r.type) for r in (*self.given, *self._features)}
        times = [t.row_time for t in self.lookups if t.row_time in rows]
        read |= {time: read_column(rows[time], "timestamp") for time in times}
        known = self.describe(self._leave_old_out(pd.DataFrame(read, index=rows.index)))
        for rule in self.computed:
            known[rule.name] = read_column(known[rule.name], rule.type)
        return known

    def _leave_old_out(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Takes a row that is too old for none; elsewhere than online the look-up does so."""
        if os.environ.get(IS_ENDPOINT) != "true":
            return rows
        event, now = rows[self.event_time], pd.Timestamp.now(dt.UTC)
        moment = event.where(event < now, now)
        for lookup in self.lookups:
            if lookup.greatest_age and lookup.row_time in rows:
                old = moment - rows[lookup.row_time] > lookup.greatest_age
                columns = [lookup.row_time, *(rule.name for rule in lookup.features)]
                rows[columns] = rows[columns].mask(old)
        return rows

    def _find_unread(self, rows: pd.DataFrame, known: pd.DataFrame) -> Iterator[Fault]:
        for rule in self.given:
            unread = (rows[rule.name].notna() & known[rule.name].isna()).to_numpy()
            yield Fault((rule.name,), f"no {rule.type}", unread)

    def _find_absent(self, known: pd.DataFrame) -> Iterator[Fault]:
        for lookup in self.lookups:
            if not lookup.optional:
                age = lookup.greatest_age
                new = f" of the last {age / dt.timedelta(hours=1):g} hours" if age else ""
                absent = ~lookup.find_rows(known).to_numpy()
                yield Fault(lookup.keys, f"no row of {lookup.table}{new}", absent)


def read_column(column: pd.Series, type_name: str) -> pd.Series:
    """Reads a column as a request or a look-up delivers it; what cannot be read becomes null."""
    if type_name in TIMES:
        return _read_times(column)
    if type_name.startswith(NUMBERS):
        read = column if column.dtype.kind in "fiu" else pd.to_numeric(column, errors="coerce")
        return read.astype(float)
    if type_name == TEXT and pd.api.types.infer_dtype(column) not in ("string", "empty"):
        return column.mask(column.map(lambda value: not isinstance(value, str)))
    return column


def _read_times(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):  # pandas would take a number for nanoseconds
        return pd.Series(pd.NaT, column.index, dtype="datetime64[ns, UTC]")
    form = "ISO8601" if column.dtype == object else None
    return pd.to_datetime(column, utc=True, errors="coerce", format=form)


def find_nulls(rules: Iterable[Rule], rows: pd.DataFrame, known: pd.DataFrame) -> Iterator[Fault]:
    """Finds nulls where a value is required; what could not be read is another fault."""
    for rule in rules:
        if rule.required:
            told = rows if rule.name in rows else known
            yield Fault((rule.name,), "null", told[rule.name].isna().to_numpy())


def find_broken(rules: Iterable[Rule], known: pd.DataFrame) -> Iterator[Fault]:
    """Finds values that are out of range, or not among the allowed ones; nulls are neither."""
    rules = tuple(rules)
    numbers = [rule for rule in rules if rule.type.startswith(NUMBERS)]
    # All columns at once: a request has one row, and pandas takes its time for each column.
    values = known[[rule.name for rule in numbers]].to_numpy(dtype=float)
    low = np.array([-np.inf if rule.minimum is None else rule.minimum for rule in numbers])
    high = np.array([np.inf if rule.maximum is None else rule.maximum for rule in numbers])
    wrong = np.isinf(values) | (values < low) | (values > high)
    for column in np.flatnonzero(wrong.any(axis=0)):
        yield from _find_out_of_range(numbers[column], values[:, column])
    for rule in rules:
        if rule.allowed:
            texts = known[rule.name]
            where = (texts.notna() & ~texts.isin(rule.allowed)).to_numpy()
            yield Fault((rule.name,), "not an allowed value", where)


def _find_out_of_range(rule: Rule, values: np.ndarray) -> Iterator[Fault]:
    infinite = np.isinf(values)
    yield Fault((rule.name,), "not a finite number", infinite)
    if rule.minimum is not None:
        yield Fault((rule.name,), f"below {rule.minimum:g}", (values < rule.minimum) & ~infinite)
    if rule.maximum is not None:
        yield Fault((rule.name,), f"above {rule.maximum:g}", (values > rule.maximum) & ~infinite)


def refuse(rows: pd.DataFrame, inputs: pd.DataFrame, faults: Sequence[Fault]) -> NoReturn:
    """Refuses rows, some of which break a rule.

    Args:
        inputs: The inputs that were computed of the rows.

    Raises:
        RefusedError: The message has all that is wrong with the first of those that do.
    """
    first = min(int(np.argmax(fault.where)) for fault in faults)
    told = inputs.iloc[first].to_dict() | rows.iloc[first].to_dict()
    said = [_describe_fault(told, fault) for fault in faults if fault.where[first]]
    raise RefusedError(f"row {first} of the request: {'; '.join(said)}")


def _describe_fault(told: Mapping[Hashable, Any], fault: Fault) -> str:
    values = (f"{name}={told[name]!r}" for name in fault.columns)
    return f"{', '.join(values)}: {fault.said}"


def join_reasons(faults: Iterable[Fault], count: int) -> np.ndarray:
    """Joins the reasons why each row must not be scored, shape (n,) of texts; None without one."""
    reasons = np.full(count, None, dtype=object)
    for fault in faults:
        for row in np.flatnonzero(fault.where):
            reasons[row] = "; ".join(filter(None, (reasons[row], fault.reason)))
    return reasons
