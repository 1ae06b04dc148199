"""What a check says, and what follows from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .statistics import Estimate


class Verdict(StrEnum):
    """What a check found; `inconclusive` blocks as `failed` does, `reported` judges nothing."""

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
    """A check's verdict with its numbers; None where there is none.

    Attributes:
        slice: The part of the rows it is about, such as `origin=JFK`; empty for all.
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
        """Check and slice."""
        return f"{self.check} {self.slice}".strip()


def judge(passed: bool) -> Verdict:
    """Passed or failed."""
    return Verdict.PASSED if passed else Verdict.FAILED


def decide(results: Sequence[CheckResult]) -> CheckResult:
    """Passes when checks were made, some of them judged, and none blocks."""
    blocking = [result for result in results if result.verdict.blocks]
    judged = [result for result in results if result.verdict is not Verdict.REPORTED]
    reason = "; ".join(f"{r.name}: {r.reason}" for r in blocking)
    accepted = bool(judged) and not blocking
    return CheckResult("decision", judge(accepted), reason or f"{len(judged)} checks passed")
