"""How a prediction problem is declared: what is predicted, of which examples, when, and from what.

The declaration itself is `PROBLEM` in `use_case/problem.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd
from pyspark.sql import Column as SparkColumn

from .first_step import FirstStep, LookUp, Rule
from .kinds import Kind
from .vocabulary import FEATURE_TYPES, Column, FeatureTable, Table

# Columns that every example has: when it is predicted, the last moment whose features count, and,
# once that is known, what became of it.
PREDICTION_TIME = "prediction_at"
LOOKUP_TIME = "looked_up_at"
LABEL = "label"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A prediction problem: what will become of an example?

    Usage: see `PROBLEM` in `use_case/problem.py`.

    Attributes:
        kind: The kind of the label: `Binary`, `Regression` or `MultiClass` of `platform/kinds`.
        predicts: The rest of the sentence "The model predicts ...".
        limits: What the model was not made for, and was not tested on; sentences of the model card.
        noun, nouns: How one example is called, and several of them.
        examples: The raw table of examples, by the time a row was known. A change of an example is
            a further row.
        outcomes: The raw table with what became of the examples, by the time it was known; None
            where the table of examples has it.
        key: The columns that identify an example, in both tables.
        event_time: The column of `examples` with the time of the event.
        lead: An example is known at most so long before its event.
        horizon_days: A run predicts the examples whose moment of prediction lies in so many days
            from `as_of` on. With 0, a run looks back only.
        find_prediction_time: Computes the moment of prediction from the event time, which lies at
            that moment or after.
        find_cancelled: Computes from columns of `examples` whether the event was called off; None
            where no row tells.
        find_label: Computes the label, of the sort that `kind` says, from columns of `outcomes`, or
            of `examples` where that table has what became of them.
        label_delay: The last labels of a window arrive within this time after its end.
        inputs: The columns that the model takes of an example: those of `examples`, and those that
            `describe` computes, which name the `table.column` that they are made of. An example
            that breaks the rules of an input (`required`, `minimum`, ...) is not scored.
        describe: Adds the inputs that are computed to rows of `examples`, by pandas: the first step
            of each model does so, for a table as for a request.
        lookups: The feature tables that the model looks up, as known before the moment of
            prediction.
        baselines: Rules of thumb that a first model must beat, by name. Each is an input: larger
            the likelier the event is, or itself the number that is predicted. Classes have none.
        name_slices: Names the part of the data that each row belongs to, by kind of part. A model
            must not fail in one of these, even when the model is better on the whole.
        name_cluster: Names the group of rows that are alike, such as a day.
        first_day: The sources begin here: the first run takes everything from this day on.
        training_days, evaluation_days, tuning_days: Lengths of the windows.

    Raises:
        ValueError: A declaration contradicts another one; the message names both.
    """

    kind: Kind
    predicts: str
    limits: str
    noun: str
    nouns: str
    examples: Table
    outcomes: Table | None
    key: tuple[str, ...]
    event_time: str
    lead: dt.timedelta
    horizon_days: int = 1
    find_prediction_time: Callable[[SparkColumn], SparkColumn]
    find_cancelled: Callable[[], SparkColumn] | None = None
    find_label: Callable[[], SparkColumn]
    label_delay: dt.timedelta
    inputs: tuple[Column, ...]
    describe: Callable[[pd.DataFrame], pd.DataFrame]
    lookups: tuple[FeatureTable, ...]
    baselines: Mapping[str, str]
    name_slices: Callable[[pd.DataFrame], Mapping[str, pd.Series]]
    name_cluster: Callable[[pd.DataFrame], pd.Series]
    first_day: dt.datetime
    training_days: int = 365
    evaluation_days: int = 28
    tuning_days: int = 28

    def __post_init__(self) -> None:
        self._check_examples()
        self._check_inputs()
        self._check_lookups()
        if self.first_day.utcoffset() != dt.timedelta(0) or self.first_day.time() != dt.time():
            raise ValueError(f"first_day: {self.first_day} is not the start of a day in UTC")
        if self.label_delay < dt.timedelta(0):
            raise ValueError(f"label_delay: {self.label_delay} is negative")
        self._check_horizon()
        for name in ("training_days", "evaluation_days", "tuning_days"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not 1 or more")

    def _check_examples(self) -> None:
        for field, wanted in (("key", self.key), ("event_time", (self.event_time,))):
            _find_columns(field, wanted, self.examples)
        if self.outcomes:
            _find_columns("key", self.key, self.outcomes)
        keys, time = self.examples.keys, self.examples.time
        if set(keys) not in ({*self.key}, {*self.key, time}):
            raise ValueError(
                f"key: {', '.join(self.key)}, and {self.examples.name} has {', '.join(keys)}:"
                f" these may have {time} besides, and nothing else"
            )

    def _check_horizon(self) -> None:
        days = self.horizon_days
        if not isinstance(days, int) or isinstance(days, bool) or days < 0:
            raise ValueError(f"horizon_days: {days} is not a whole number, 0 or more")
        if self.lead < dt.timedelta(0):
            raise ValueError(f"lead: {self.lead} is negative")
        if dt.timedelta(days=days) > self.lead:
            raise ValueError(
                f"horizon_days: {days}, and lead: {self.lead}: an example that is not known yet"
                " cannot be predicted; with horizon_days=0 a run looks back only"
            )

    def _check_lookups(self) -> None:
        for table in self.lookups:
            for key in table.lookup_keys:
                if key not in self.examples.column_names:
                    raise ValueError(
                        f"lookups: {table.name} is looked up by {key}, and {self.examples.name} has"
                        " no such column"
                    )

    def _check_inputs(self) -> None:
        for column in self.inputs:
            if column.type not in FEATURE_TYPES:
                raise ValueError(
                    f"inputs: {column.name} is a {column.type}, and a model takes"
                    f" {', '.join(FEATURE_TYPES)} alone"
                )
            sources = [source.split(".") for source in column.sources]
            own = [name for table, name in sources if table == self.examples.name]
            _find_columns("inputs", own if sources else (column.name,), self.examples)
        names = self.model_inputs
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"inputs: {', '.join(twice)} is there twice, in inputs or in lookups")
        if self.baselines and not self.kind.takes_rules:
            raise ValueError(
                f"baselines: {', '.join(self.baselines)}, and kind: {type(self.kind).__name__}: one"
                " input predicts no probabilities of classes, so leave baselines empty"
            )
        unknown = [name for name in self.baselines.values() if name not in names]
        if unknown:
            raise ValueError(f"baselines: {unknown[0]} is no input; there are {', '.join(names)}")

    @property
    def labelling(self) -> Table:
        """The table that tells what became of the examples."""
        return self.outcomes or self.examples

    @property
    def example_columns(self) -> tuple[str, ...]:
        """The columns by which an example is known: key and event time."""
        return (*self.key, *(() if self.event_time in self.key else (self.event_time,)))

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns of an example that a model is told; a request has these, and the key.

        The rules of an input take the place of those that its source keeps.
        """
        own = {column.name: column for column in self.inputs if not column.sources}
        sources = [source.split(".") for column in self.inputs for source in column.sources]
        made_of = [name for table, name in sources if table == self.examples.name]
        keys = [key for table in self.lookups for key in table.lookup_keys]
        known = {column.name: column for column in self.examples.columns}
        names = dict.fromkeys((self.event_time, *own, *made_of, *keys))
        return tuple(_add_rules(known[name], own.get(name)) for name in names)

    @property
    def model_inputs(self) -> tuple[str, ...]:
        """The columns that a model learns from, in order."""
        features = (name for table in self.lookups for name in table.features)
        return (*(column.name for column in self.inputs), *features)

    @property
    def row_times(self) -> tuple[str, ...]:
        """The columns with the times of rows that are looked up: no model learns from them."""
        return tuple(table.row_time for table in self.lookups if table.row_time)

    @property
    def categories(self) -> tuple[str, ...]:
        """The inputs that are texts."""
        features = (c for table in self.lookups for c in table.columns if c.name in table.features)
        return tuple(c.name for c in (*self.inputs, *features) if c.type == "string")

    @property
    def shape(self) -> tuple[object, ...]:
        """All that the rows of a training depend on, without words, slices and baselines."""
        inputs = tuple((column.name, column.type) for column in self.inputs)
        return (
            (self.examples.shape, self.labelling.shape, self.key, self.event_time, inputs),
            tuple((table.shape, table.greatest_age) for table in self.lookups),
            (self.kind.shape, self.label_delay, self.first_day, self.lead),
            (self.training_days, self.evaluation_days, self.tuning_days),
            (*map(make_rule, self.given), *map(make_rule, self.inputs)),
            tuple((make_rule(c), t.optional) for t in self.lookups for c in t.columns),
        )

    @property
    def functions(self) -> tuple[Callable[..., object], ...]:
        """All that the rows of a training are computed by, and all that scores are measured by."""
        always = (self.find_prediction_time, self.find_label, self.describe, type(self.kind))
        return (*always, self.find_cancelled) if self.find_cancelled else always

    def list_input_sources(self) -> dict[str, tuple[str, ...]]:
        """Lists the `table.column` of the raw tables that each declared input is made of."""
        features = [column for table in self.lookups for column in table.columns]
        given = {column.name: (f"{self.examples.name}.{column.name}",) for column in self.given}
        return given | {c.name: c.sources for c in (*self.inputs, *features) if c.sources}


def _add_rules(column: Column, own: Column | None) -> Column:
    if own is None:
        return column
    rules = ("required", "minimum", "maximum", "allowed")
    declared = {rule: getattr(own, rule) for rule in rules}
    return replace(column, **{n: v for n, v in declared.items() if v not in (None, False, ())})


def make_first_step(problem: Problem) -> FirstStep:
    """Makes the first step of a model of the problem."""
    return FirstStep(
        given=tuple(map(make_rule, problem.given)),
        lookups=tuple(_make_look_up(table) for table in problem.lookups),
        computed=tuple(make_rule(column) for column in problem.inputs if column.sources),
        describe=problem.describe,
        event_time=problem.event_time,
        inputs=problem.model_inputs,
    )


def make_rule(column: Column) -> Rule:
    """Makes what a model's files keep of a declared column."""
    ranges = (column.minimum, column.maximum)
    return Rule(column.name, column.type, column.required, *ranges, column.allowed)


def _make_look_up(table: FeatureTable) -> LookUp:
    return LookUp(
        table=table.name,
        keys=tuple(table.lookup_keys),
        features=tuple(make_rule(c) for c in table.columns if c.name in table.features),
        row_time=table.row_time,
        greatest_age=table.greatest_age,
        optional=table.optional,
    )


def _find_columns(field: str, wanted: Iterable[str], table: Table) -> None:
    for name in wanted:
        if name not in table.column_names:
            known = ", ".join(table.column_names)
            raise ValueError(f"{field}: {table.name} has no column {name}, only {known}")
