"""Computes in plain Python the rows of raw and feature tables after a sequence of operations.

Times are hours after the first day of the data; a day is a number, 0 for the first one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Code = Literal["A", "B"]
Row = tuple[object, ...]

LOOKBACK_DAYS = {"visits": 2, "reports": 1}
LEAST_ROWS = {"visits": 1, "reports": 0}
TABLES = tuple(LOOKBACK_DAYS)
CORRECTED_WITHIN, LONGEST = 7 * 24, 24
# A visit takes place so many hours after it became known; those of the first half of a day were not
# known when their day began.
AHEAD = 12


class Visit(NamedTuple):
    """A row of `visits`, whose key is the name alone; `at` is when it became known."""

    name: str
    at: float
    x: float | None
    y: float | None

    @property
    def key(self) -> Row:
        """The key: a table keeps one row with it."""
        return (self.name,)


class Report(NamedTuple):
    """A row of `reports`; a later one of the same flight corrects the first one."""

    flight: str
    at: float
    origin: str
    delay: float

    @property
    def key(self) -> Row:
        """The key: a table keeps one row with it."""
        return (self.flight, self.at)


Fact = Visit | Report
KINDS: dict[str, type[Fact]] = {"visits": Visit, "reports": Report}


@dataclass
class Raw:
    """The raw tables of a catalog.

    Attributes:
        kept: The rows that were accepted, by table.
        held: The number of rows of each recorded day, by table.
        former: The first day of a run's window, by table and `as_of`.
    """

    kept: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    former: dict[tuple[str, int], int] = field(default_factory=dict)

    def ingest(self, arrived: list[Fact], as_of: int) -> None:
        """Takes in what each source delivers for the days before `as_of`."""
        for table in TABLES:
            start, asked = self.find_window(table, as_of)
            new = self.find_new(arrived, table, asked, as_of)
            self.kept[table] += new
            missing = {day for day in range(start, as_of) if day not in self.held[table]}
            changed = missing | {int(fact.at // 24) for fact in new}
            self.held[table] |= {day: self.count(table, day) for day in changed}
            self.former[table, as_of] = start

    def find_window(self, table: str, as_of: int) -> tuple[int, int]:
        """The first day that a table is owed, and the first one that its source is asked for."""
        held, least = self.held[table], LEAST_ROWS[table]
        owed = (day for day in range(as_of) if held.get(day, -1) < least)
        start = min(next(owed, as_of), self.former.get((table, as_of), as_of))
        return start, max(0, start - LOOKBACK_DAYS[table])

    def find_new(self, arrived: list[Fact], table: str, asked: int, as_of: int) -> list[Fact]:
        """The rows that a source delivers, that are accepted and not stored yet."""
        values: dict[Row, set[Fact]] = defaultdict(set)
        for fact in arrived:
            if isinstance(fact, KINDS[table]) and asked * 24 <= fact.at < as_of * 24:
                values[fact.key].add(fact)
        stored = {fact.key for fact in self.kept[table] if asked * 24 <= fact.at < as_of * 24}
        alone = [facts.pop() for facts in values.values() if len(facts) == 1]
        return [fact for fact in alone if fact.key not in stored]

    def count(self, table: str, day: int) -> int:
        """The rows of a day."""
        return sum(day * 24 <= fact.at < (day + 1) * 24 for fact in self.kept[table])

    def forget_days(self, arrived: list[Fact], as_of: int) -> None:
        """Forgets the days whose rows a killed run was about to change."""
        for table in TABLES:
            _, asked = self.find_window(table, as_of)
            for fact in self.find_new(arrived, table, asked, as_of):
                self.held[table].pop(int(fact.at // 24), None)


@dataclass
class Oracle:
    """The facts that have arrived, and what the tables should hold of them.

    Attributes:
        covered: The first day that no features were computed for.
    """

    arrived: list[Fact] = field(default_factory=list)
    raws: dict[str, Raw] = field(default_factory=lambda: {"dev": Raw(), "prod": Raw()})
    source: str = "dev"
    code: Code = "A"
    covered: int = 0

    def has_facts(self, as_of: int) -> bool:
        """Whether every raw table is recorded up to a date."""
        held = self.raws[self.source].held
        return all(day in held[table] for table in TABLES for day in range(as_of))

    def list_features(self, until: int) -> dict[str, set[Row]]:
        """The rows of each feature table before a day, by today's code and facts."""
        kept = self.raws[self.source].kept
        visits = [fact for fact in kept["visits"] if isinstance(fact, Visit)]
        reports = [fact for fact in kept["reports"] if isinstance(fact, Report)]
        return {
            "doubled": {row for row in map(self.double, visits) if row and row[1] < until * 24},
            "delays": {row for row in sum_delays(reports) if row[1] < until * 24},
        }

    def double(self, visit: Visit) -> tuple[str, float, float | None] | None:
        """A row of the feature table whose code changes with a release."""
        if self.code == "A":
            return visit.name, visit.at, None if visit.x is None else visit.x * 2
        return (visit.name, visit.at, visit.x * 3) if visit.x and visit.x > 1 else None


@dataclass(frozen=True)
class Example:
    """A visit as a model sees it at a date: its row, its event, and the moment of prediction."""

    at: float

    @property
    def event(self) -> float:
        """The hour of the visit."""
        return self.at + AHEAD

    @property
    def moment(self) -> float:
        """The start of its day."""
        return self.event // 24 * 24

    @property
    def is_timely(self) -> bool:
        """Whether it was known before its moment of prediction."""
        return self.at < self.moment


def choose_examples(rows: list[tuple[str, float]], as_of: int) -> dict[str, Example]:
    """The row that counts of each visit: the last timely one, else the first."""
    chosen: dict[str, Example] = {}
    for name, at in sorted(rows, key=lambda row: row[1]):
        example = Example(at)
        if at < as_of * 24 and (example.is_timely or name not in chosen):
            chosen[name] = example
    return chosen


class Prediction(NamedTuple):
    """A row of `predictions`, but for the event."""

    name: str
    version: int
    as_of: int
    is_in_time: bool
    score: float


@dataclass(frozen=True)
class Change:
    """A row of `promotions`."""

    as_of: int
    number: int
    version: int
    former: int | None
    is_rollback: bool


@dataclass
class Life:
    """The versions of a model, its champions, and what they predicted.

    Attributes:
        dates: The date of each version, whose number is its place from 1 on.
        predicted: Every prediction, in no order.
    """

    dates: list[int] = field(default_factory=list)
    trained: dict[object, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    predicted: set[Prediction] = field(default_factory=set)

    def train(self, inputs: object, as_of: int) -> int:
        """The version of some inputs: an equal training finds the one of before."""
        if inputs not in self.trained:
            self.dates.append(as_of)
            self.trained[inputs] = len(self.dates)
        return self.trained[inputs]

    def find_champion(self, as_of: int | None = None) -> int | None:
        """The champion of a date, or the one that counts now."""
        known = [c for c in self.changes if as_of is None or c.as_of <= as_of]
        return max(known, key=self._order).version if known else None

    def is_barred(self, version: int) -> bool:
        """Whether a version was rolled back from, and has not become champion since."""
        barred = False
        for change in sorted(self.changes, key=self._order):
            left = change.is_rollback and change.former == version
            barred = change.version != version and (barred or left)
        return barred

    def find_rival(self, version: int, as_of: int) -> int | None:
        """The champion of a date beside which a version is judged."""
        known = [c for c in sorted(self.changes, key=self._order) if c.as_of <= as_of]
        others = [c.version for c in known if c.version != version]
        free = [other for other in others if not Life(changes=known).is_barred(other)]
        return free[-1] if free else None

    def promote(self, version: int) -> None:
        """Records a promotion, unless the version was champion before."""
        if all(change.version != version for change in self.changes):
            as_of = self.dates[version - 1]
            self._record(as_of, version, self.find_rival(version, as_of), is_rollback=False)

    def roll_back(self, as_of: int) -> bool:
        """Returns to the champion before; whether there is one."""
        last = max(self.changes, key=self._order, default=None)
        former = self.find_rival(last.version, last.as_of) if last else None
        if last is None or former is None:
            return False
        self._record(max(as_of, last.as_of), former, last.version, is_rollback=True)
        return True

    def _record(self, as_of: int, version: int, former: int | None, *, is_rollback: bool) -> None:
        number = len(self.changes) + 1
        self.changes.append(Change(as_of, number, version, former, is_rollback))

    @staticmethod
    def _order(change: Change) -> tuple[int, int]:
        return change.as_of, change.number

    def owes(self, name: str, example: Example, version: int, as_of: int) -> bool:
        """Whether a version has to score a visit as of a date."""
        known = Life(changes=[change for change in self.changes if change.as_of <= as_of])
        before = [p for p in self.predicted if p.name == name and p.as_of <= as_of]
        if any(p.version == version and p.as_of == as_of for p in before):
            return False
        if example.moment == as_of * 24:
            return True
        others = any(p.is_in_time and not known.is_barred(p.version) for p in before)
        own = any(p.version == version for p in before)
        return example.event < as_of * 24 and not others and not own

    def list_in_force(self) -> list[Prediction]:
        """The last prediction in time of each visit, else the last one made afterwards."""
        last: dict[str, Prediction] = {}
        for made in sorted(self.predicted, key=lambda p: (p.is_in_time, p.as_of, p.version)):
            if not self.is_barred(made.version):
                last[made.name] = made
        return sorted(last.values())


def leave_corrections_out(reports: list[Report]) -> list[Report]:
    """The reports that follow no other one of their flight within a week."""
    first, before = [], {}
    for report in sorted(reports, key=lambda each: each.at):
        last = before.get(report.flight)
        if last is None or report.at - last > CORRECTED_WITHIN:
            first.append(report)
        before[report.flight] = report.at
    return first


def sum_delays(reports: list[Report]) -> set[tuple[str, int, float, float]]:
    """Origin, hour, and landings in the last 3 and 24 hours, for each hour that counts one."""
    landed = defaultdict(lambda: defaultdict(int))
    for report in leave_corrections_out(reports):
        landed[report.origin][int(-(-report.at // 1))] += 1
    rows = set()
    for origin, slots in landed.items():
        hours = {slot + number for slot in slots for number in range(LONGEST + 1)}
        for hour in hours:
            within = {
                span: float(sum(n for slot, n in slots.items() if hour - span < slot <= hour))
                for span in (3, 24)
            }
            rows.add((origin, hour, within[3], within[24]))
    return rows
