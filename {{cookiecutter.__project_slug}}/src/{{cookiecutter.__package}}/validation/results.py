"""The result of a check, and the decision that follows from all results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ..platform.estimates import Estimate


class Verdict(StrEnum):
    """The verdict of a check; `inconclusive` blocks as `failed` does, `reported` never blocks."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    REPORTED = "reported"

    @property
    def blocks(self) -> bool:
        """Whether a version with this verdict cannot become champion."""
        return self in (Verdict.FAILED, Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class CheckResult:
    """A check's verdict with its numbers, which are None where there are none.

    Attributes:
        slice: The part of the rows that was checked, such as `origin=JFK`; empty for all rows.
    """

    check: str
    verdict: Verdict
    reason: str
    metric: str = ""
    estimate: Estimate | None = None
    threshold: float | None = None
    slice: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The names of check and slice."""
        return f"{self.check} {self.slice}".strip()


def judge(passed: bool) -> Verdict:
    """Returns the verdict `passed` or `failed`."""
    return Verdict.PASSED if passed else Verdict.FAILED


def report(result: CheckResult) -> CheckResult:
    """Returns a result that does not block."""
    return replace(result, verdict=Verdict.REPORTED) if result.verdict.blocks else result


def decide(results: Sequence[CheckResult]) -> CheckResult:
    """Decides on a version: at least one check must judge it, and none may block it."""
    blocking = [result for result in results if result.verdict.blocks]
    judged = [result for result in results if result.verdict is not Verdict.REPORTED]
    reason = "; ".join(f"{r.name}: {r.reason}" for r in blocking)
    accepted = bool(judged) and not blocking
    return CheckResult("decision", judge(accepted), reason or f"{len(judged)} checks passed")
