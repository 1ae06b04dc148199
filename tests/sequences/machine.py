"""Draws sequences of operations, does each one by the real code, and compares with the oracle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import pytest
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from flight_delays.features.currency import MissingFactsError, StaleFeaturesError
from flight_delays.platform.tables import RAW_DAYS

from .lake import DELAYS, DOUBLED, RAW_SCHEMAS, RAW_TABLES, Killed, Lake
from .oracle import Code, Fact, Oracle, Report, Visit

DAYS = 6
# Shared by all sequences, since Spark takes long to start; `Sequence` empties it.
LAKES: list[Lake] = []

catalogs = st.sampled_from(["dev", "dev", "prod"])
dates = st.integers(1, DAYS)
times = st.integers(0, DAYS * 24 - 1).map(float) | st.sampled_from([23.75, 24.25, 47.5])
numbers = st.sampled_from([None, 0.0, 1.0, 2.0, 50.0])
visits = st.builds(Visit, st.sampled_from("abc"), times, numbers, numbers)
reports = st.builds(
    Report, st.sampled_from("pqr"), times, st.sampled_from(["EWR", "JFK"]), st.just(20.0)
)
deliveries = st.lists(visits | reports, min_size=1, max_size=6)
moments = st.integers(0, 7)


def operation(**drawn: Any) -> Callable[..., Any]:
    """A rule whose steps are counted."""

    def mark(do: Callable[..., None]) -> Any:
        @wraps(do)
        def count_and_do(self: Sequence, *given: Any, **named: Any) -> None:
            self.counted[do.__name__] += 1
            do(self, *given, **named)

        return rule(**drawn)(count_and_do)

    return mark


class Sequence(RuleBasedStateMachine):
    """A team's weeks: deliveries, runs, releases, switches of the source, kills.

    Attributes:
        counted: How often each operation was done, in all sequences.
        tried: The number of sequences.
        end: From this time of `time.monotonic` on, no sequence begins.
    """

    counted: ClassVar[Counter[str]] = Counter()
    tried: ClassVar[int] = 0
    end: ClassVar[float] = float("inf")

    @initialize(facts=deliveries, as_of=dates)
    def begin(self, facts: list[Fact], as_of: int) -> None:
        """The first facts, and a first run."""
        assume(time.monotonic() < self.end)
        Sequence.tried += 1
        self.empty()
        self.arrive(facts)
        self.run(as_of)

    def empty(self) -> None:
        """A project that has not run yet."""
        self.lake, self.oracle = LAKES[0], Oracle()
        self.lake.empty()

    @operation(facts=deliveries)
    def arrive(self, facts: list[Fact]) -> None:
        """Facts that the sources deliver from now on."""
        self.oracle.arrived += facts
        self.lake.arrived = self.oracle.arrived

    @operation(visit=visits)
    def replace(self, visit: Visit) -> None:
        """A row that its source delivers from now on in place of the former one of its key."""
        others = [fact for fact in self.oracle.arrived if fact.key != visit.key]
        self.oracle.arrived = self.lake.arrived = [*others, visit]

    @operation(catalog=catalogs, as_of=dates)
    def ingest(self, catalog: str, as_of: int) -> None:
        """A run of ingestion."""
        self.lake.ingest(catalog, as_of)
        self.oracle.raws[catalog].ingest(self.oracle.arrived, as_of)
        for table in RAW_TABLES:
            expected = Counter(map(tuple, self.oracle.raws[catalog].kept[table.name]))
            assert Counter(self.lake.list_raw(catalog, table)) == expected, table.name

    @operation(as_of=dates)
    def compute_features(self, as_of: int) -> None:
        """A run of features: refused where facts are missing."""
        if not self.oracle.has_facts(as_of):
            with pytest.raises(MissingFactsError):
                self.lake.compute_features(as_of)
            return
        self.lake.compute_features(as_of)
        self.oracle.covered = max(self.oracle.covered, as_of)
        self.compare_features(self.oracle.covered)

    @operation(as_of=dates)
    def run(self, as_of: int) -> None:
        """Both, as the lifecycle does for its own source."""
        if self.oracle.source == "dev":
            self.ingest("dev", as_of)
        self.compute_features(as_of)

    @operation(as_of=dates)
    def read(self, as_of: int) -> None:
        """A stage that reads features finds the right ones, or is refused."""
        try:
            self.lake.read_current(as_of)
        except (MissingFactsError, StaleFeaturesError):
            return
        self.compare_features(as_of)

    @operation(code=st.sampled_from(["A", "B"]))
    def deploy(self, code: Code) -> None:
        """Another release, or an older one."""
        self.lake.code = self.oracle.code = code

    @operation(source=st.sampled_from([*RAW_SCHEMAS]))
    def switch(self, source: str) -> None:
        """Another source, there and back."""
        self.lake.source = self.oracle.source = source

    @operation(catalog=catalogs, as_of=dates, moment=moments)
    def kill_ingestion(self, catalog: str, as_of: int, moment: int) -> None:
        """A run of ingestion that ends at a write; then the same run again."""
        if self.is_killed(moment, lambda: self.lake.ingest(catalog, as_of)):
            record = f"{RAW_SCHEMAS[catalog]}.{RAW_DAYS.name}"
            if ("delete_rows", record) in self.done and ("upsert_rows", record) not in self.done:
                self.oracle.raws[catalog].forget_days(self.oracle.arrived, as_of)
        self.ingest(catalog, as_of)

    @operation(as_of=dates, moment=moments)
    def kill_features(self, as_of: int, moment: int) -> None:
        """A run of features that ends at a write; what then is read is right, or refused."""
        if self.oracle.has_facts(as_of):
            self.is_killed(moment, lambda: self.lake.compute_features(as_of))
        self.read(as_of)
        self.compute_features(as_of)

    def is_killed(self, moment: int, work: Callable[[], None]) -> bool:
        """Does a piece of work up to a write; whether it came to that write."""
        with self.lake.killed_at(moment) as self.done:
            try:
                work()
            except Killed:
                return True
        return False

    def compare_features(self, until: int) -> None:
        """The rows before a day are those of today's code and facts, each once."""
        expected = self.oracle.list_features(until)
        for table in (DOUBLED, DELAYS):
            found = [row for row in self.lake.list_features(table) if row[1] < until * 24]
            assert sorted(found, key=str) == sorted(expected[table.name], key=str), table.name
