"""The second search: training, promotion, rollback and inference between the other operations."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from flight_delays.features.currency import MissingFactsError, StaleFeaturesError
from flight_delays.inference.task import NoChampionError
from flight_delays.promotion.change import PromotionError

from .lake import DOUBLED, RAW_TABLES, VISITS
from .machine import DAYS, Sequence, dates, deliveries, operation
from .oracle import Example, Fact, Life, Prediction, Row, choose_examples
from .registry import ModelLake

REFUSED = (MissingFactsError, StaleFeaturesError)


class ModelSequence(Sequence):
    """A model's life in a team's weeks."""

    lake: ModelLake

    @initialize(facts=deliveries, as_of=dates)
    def begin(self, facts: list[Fact], as_of: int) -> None:
        """A first champion, where there are examples for its training."""
        self.life = Life()
        super().begin(facts, as_of)
        self.train(as_of)
        if self.life.dates:
            self.promote(1)

    @operation(as_of=dates)
    def train(self, as_of: int) -> None:
        """A run of training finds the version of equal inputs, or is refused."""
        if not self.list_examples(as_of):
            return
        try:
            version = self.lake.train(as_of)
        except REFUSED:
            return
        self.compare_features(as_of)
        assert version == self.life.train(self.identify(as_of), as_of)

    @precondition(lambda self: self.life.dates)
    @operation(number=st.integers(1, 4))
    def promote(self, number: int) -> None:
        """A version that the gate accepts becomes champion from its date on, if not barred."""
        number = min(number, len(self.life.dates))
        as_of = self.life.dates[number - 1]
        if self.life.is_barred(number):
            with pytest.raises(PromotionError, match="was rolled back from"):
                self.lake.promote(number, as_of)
        else:
            self.lake.promote(number, as_of)
            self.life.promote(number)
        self.compare_predictions()

    @operation(as_of=dates)
    def roll_back(self, as_of: int) -> None:
        """Back to the champion before, if there is one."""
        if self.life.roll_back(as_of):
            self.lake.roll_back(as_of)
        else:
            with pytest.raises(PromotionError):
                self.lake.roll_back(as_of)
        self.compare_predictions()

    @operation(as_of=dates)
    def predict(self, as_of: int) -> None:
        """The champion of the date scores what it has not scored, or is refused."""
        champion = self.life.find_champion(as_of)
        if champion is None:
            with pytest.raises(NoChampionError):
                self.lake.predict(as_of)
            return
        try:
            self.lake.predict(as_of)
        except REFUSED:
            return
        made = [
            Prediction(name, champion, as_of, example.moment == as_of * 24, score)
            for name, example in self.choose_examples(as_of).items()
            if self.life.owes(name, example, champion, as_of)
            for score in [self.score(name, min(example.moment, as_of * 24))]
        ]
        self.life.predicted.update(made)
        self.compare_predictions()

    def score(self, name: str, until: float) -> float:
        """The echoing model's score of the last feature of a visit that was known by then."""
        rows = self.oracle.list_features(DAYS)["doubled"]
        known = [row for row in rows if row[0] == name and float(str(row[1])) < until]
        return echo(max(known, key=lambda row: float(str(row[1])))) if known else 0.5

    def identify(self, as_of: int) -> object:
        """All that a training sees."""
        source = self.oracle.source
        raw = [
            frozenset(row for row in self.lake.list_raw(source, table) if is_before(row, as_of))
            for table in RAW_TABLES
        ]
        return as_of, source, *raw, frozenset(self.oracle.list_features(as_of)["doubled"])

    def list_examples(self, as_of: int) -> list[str]:
        """The visits that were before a date."""
        chosen = self.choose_examples(as_of)
        return [name for name, example in chosen.items() if example.event < as_of * 24]

    def choose_examples(self, as_of: int) -> dict[str, Example]:
        """The visits that were known before a date."""
        rows = self.lake.list_raw(self.oracle.source, VISITS)
        return choose_examples([(str(row[0]), float(str(row[1]))) for row in rows], as_of)

    def compare_predictions(self) -> None:
        """History is what the champions of the time made, each date once."""
        assert self.lake.list_predictions() == sorted(self.life.predicted)
        assert self.lake.list_in_force() == self.life.list_in_force()


def is_before(row: Row, as_of: int) -> bool:
    """Whether a row's time lies before a date."""
    return float(str(row[1])) < as_of * 24


def echo(row: Row) -> float:
    """Computes the score that the echoing model gives to a row of the feature table."""
    value = row[DOUBLED.column_names.index("value")]
    return 0.5 if value is None else round(1 / (1 + math.exp(-float(str(value)))), 9)
