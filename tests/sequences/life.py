"""The second search: training, promotion, rollback and inference between the other operations."""

from __future__ import annotations

import math

import pytest
from flight_delays.features.currency import MissingFactsError, StaleFeaturesError
from flight_delays.inference.task import NoChampionError
from flight_delays.promotion.change import PromotionError
from flight_delays.registry.training_sets import RepeatedKeyError
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from .lake import DOUBLED, RAW_TABLES, VISITS
from .machine import Sequence, dates, deliveries, operation
from .oracle import Fact, Life, Row
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
        except RepeatedKeyError:
            assert self.has_repeated(as_of)
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
        except RepeatedKeyError:
            assert self.has_repeated(as_of)
            return
        scores = {row[0]: score(row) for row in self.oracle.list_features(as_of)["doubled"]}
        for name in self.list_examples(as_of):
            self.life.predicted.setdefault((name, champion), scores.get(name, 0.5))
        self.compare_predictions()

    def identify(self, as_of: int) -> object:
        """All that a training sees."""
        source = self.oracle.source
        raw = [
            frozenset(row for row in self.lake.list_raw(source, table) if is_before(row, as_of))
            for table in RAW_TABLES
        ]
        return as_of, source, *raw, frozenset(self.oracle.list_features(as_of)["doubled"])

    def has_repeated(self, as_of: int) -> bool:
        """Whether a key is there twice: it moved further than its source looks back."""
        names = self.list_examples(as_of)
        return len(set(names)) < len(names)

    def list_examples(self, as_of: int) -> list[str]:
        """The visits before a date."""
        rows = self.lake.list_raw(self.oracle.source, VISITS)
        return [str(row[0]) for row in rows if is_before(row, as_of)]

    def compare_predictions(self) -> None:
        """History is what the champions of the time made; in force is what the present one made."""
        made = sorted((key, version, p) for (key, version), p in self.life.predicted.items())
        assert self.lake.list_predictions() == made
        assert self.lake.list_in_force() == self.life.list_in_force()


def is_before(row: Row, as_of: int) -> bool:
    """Whether a row's time lies before a date."""
    return float(str(row[1])) < as_of * 24


def score(row: Row) -> float:
    """Computes the score that the echoing model gives to a row of the feature table."""
    value = row[DOUBLED.column_names.index("value")]
    return 0.5 if value is None else round(1 / (1 + math.exp(-float(str(value)))), 9)
