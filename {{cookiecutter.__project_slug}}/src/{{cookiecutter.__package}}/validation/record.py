"""The record of what the gate found: every check of every version, written once."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from pyspark.sql import Row
from pyspark.sql import functions as F

from ..platform import delta
from ..platform.fingerprint import digest_facts
from ..platform.workspace import Workspace
from ..settings import Settings
from .case import RegisteredCase
from .results import CheckResult
from .tables import VALIDATION_RESULTS

# Tags of a version.
VERDICT, VERDICT_REASON = "verdict", "verdict_reason"
LONGEST_TAG = 250


def read_results(workspace: Workspace, settings: Settings, version: int) -> list[Row]:
    """The recorded results of a version, ordered; none when it has not been judged."""
    results = workspace.spark.table(VALIDATION_RESULTS.full_name(settings))
    return results.where(F.col("model_version") == version).orderBy("check", "slice").collect()


def is_accepted(results: Sequence[Row]) -> bool:
    """Whether the recorded decision is that the version may become champion."""
    return any(row.check == "decision" and row.verdict == "passed" for row in results)


def digest_results(results: Sequence[Row]) -> str:
    """What an approval rests on: changes with any number, verdict or champion compared with."""
    columns = ("check", "slice", "value", "lower", "upper", "verdict", "reason", "champion_version")
    return digest_facts([[row[column] for column in columns] for row in results])


def record_results(
    workspace: Workspace, settings: Settings, case: RegisteredCase, results: Sequence[CheckResult]
) -> None:
    """One row for each check, in one transaction."""
    now = dt.datetime.now(dt.UTC)
    rows = [_make_row(settings, case, result, now) for result in results]
    frame = delta.make_frame(workspace.spark, rows, VALIDATION_RESULTS.struct)
    name = VALIDATION_RESULTS.full_name(settings)
    delta.append_new_rows(name, frame, VALIDATION_RESULTS.keys)


def publish_results(workspace: Workspace, settings: Settings, results: Sequence[Row]) -> None:
    """Recorded numbers to the version's run, the verdict to its tags: last, and once."""
    (decision,) = [row for row in results if row.check == "decision"]
    client, name, version = workspace.mlflow, settings.model_name, str(decision.model_version)
    if VERDICT in client.get_model_version(name, version).tags:
        return
    for row in results:
        if row.run_id and not row.slice and row.value is not None and not math.isnan(row.value):
            # Said again with the same time after a kill, it is still one value.
            at = int(row.judged_at.timestamp() * 1000)
            client.log_metric(row.run_id, f"evaluation_{row.check}", row.value, at, step=0)
    for tag, text in ((VERDICT_REASON, decision.reason), (VERDICT, decision.verdict)):
        client.set_model_version_tag(name, version, tag, text[:LONGEST_TAG])


def _make_row(
    settings: Settings, case: RegisteredCase, result: CheckResult, now: dt.datetime
) -> tuple[object, ...]:
    estimate = result.estimate
    interval = (estimate.value, estimate.lower, estimate.upper) if estimate else (None,) * 3
    return (
        case.version,
        result.check,
        result.slice,
        settings.as_of,
        result.metric,
        *interval,
        result.threshold,
        result.verdict.value,
        result.reason,
        case.champion_version,
        case.record.run_id,
        case.window.start,
        case.window.end,
        now,
        result.seconds,
    )
