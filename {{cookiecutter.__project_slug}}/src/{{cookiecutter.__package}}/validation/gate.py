"""The gate: makes every check, and blocks the version when a check cannot be made."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .case import Case
from .compliance import (
    check_artifact,
    check_code,
    check_inputs,
    check_lineage,
    check_requirements,
    check_signature,
)
from .environment import check_fresh_process
from .infrastructure import check_agreement, check_edge_rows, check_memory, check_scores, check_time
from .performance import (
    check_baselines,
    check_calibration,
    check_champion,
    check_labelled_rows,
    check_loss,
    check_primary,
    check_slices,
    check_unseen_data,
)
from .results import CheckResult, Verdict, report

LONGEST = 500

log = logging.getLogger(__name__)

Check = Callable[[Case], Iterator[CheckResult]]

# That a version is in order.
ORDER: tuple[Check, ...] = (
    check_lineage,
    check_code,
    check_requirements,
    check_artifact,
    check_signature,
    check_inputs,
    check_unseen_data,
    check_scores,
    check_edge_rows,
    check_agreement,
    check_time,
    check_memory,
    check_fresh_process,
)
# That a version performs well.
QUALITY: tuple[Check, ...] = (
    check_labelled_rows,
    check_primary,
    check_calibration,
    check_loss,
    check_baselines,
    check_champion,
    check_slices,
)
CHECKS = (*ORDER, *QUALITY)


def run_checks(case: Case, checks: Sequence[Check] = CHECKS) -> list[CheckResult]:
    """Makes checks in order, and returns their results."""
    return [result for check in checks for result in run_check(case, check)]


def run_check(case: Case, check: Check) -> list[CheckResult]:
    """Makes a check; an exception is a failed check, named after the function.

    Where quality is not judged, its checks are made and never block.
    """
    began = time.perf_counter()
    try:
        is_judged = check not in QUALITY or case.settings.judge_quality
        results = [result if is_judged else report(result) for result in check(case)]
    except Exception as error:  # any fault while judging must block the version
        log.exception("%s could not be made", check.__name__)
        # Some errors show a whole table, which no line of a terminal and no cell has room for.
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        reason = said if len(said) <= LONGEST else f"{said[:LONGEST]} ..."
        results = [CheckResult(check.__name__.removeprefix("check_"), Verdict.FAILED, reason)]
    seconds = time.perf_counter() - began
    return [replace(result, seconds=seconds / len(results)) for result in results]
