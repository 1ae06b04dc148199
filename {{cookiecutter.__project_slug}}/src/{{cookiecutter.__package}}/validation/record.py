"""Records what the gate found: every check of every version, once."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from pyspark.sql import Row
from pyspark.sql import functions as F

from ..platform import delta
from ..platform.fingerprint import digest_facts
from ..platform.workspace import Workspace
from ..registry.tags import VERDICT, VERDICT_REASON
from ..settings import Settings
from .case import RegisteredCase
from .results import CheckResult
from .tables import VALIDATION_RESULTS

LONGEST_TAG = 250


def read_results(workspace: Workspace, settings: Settings, version: int) -> list[Row]:
    """Reads the recorded results of a version, in order; none before it was judged."""
    results = workspace.spark.table(VALIDATION_RESULTS.full_name(settings))
    return results.where(F.col("model_version") == version).orderBy("check", "slice").collect()


def is_accepted(results: Sequence[Row]) -> bool:
    """Whether the recorded decision is that the version may become champion."""
    return any(row.check == "decision" and row.verdict == "passed" for row in results)


def digest_results(results: Sequence[Row]) -> str:
    """Digests the evidence of an approval: any other number, verdict or champion changes it."""
    columns = ("check", "slice", "value", "lower", "upper", "verdict", "reason", "champion_version")
    return digest_facts([[row[column] for column in columns] for row in results])


def record_results(
    workspace: Workspace, settings: Settings, case: RegisteredCase, results: Sequence[CheckResult]
) -> None:
    """Records a row for each check, in one transaction."""
    now = dt.datetime.now(dt.UTC)
    rows = [{**_describe_case(case), **_describe_result(r), "judged_at": now} for r in results]
    frame = delta.make_frame(workspace.spark, rows, VALIDATION_RESULTS.struct)
    name = VALIDATION_RESULTS.full_name(settings)
    delta.append_new_rows(name, frame, VALIDATION_RESULTS.keys)


def _describe_case(case: RegisteredCase) -> dict[str, object]:
    return {
        "model_version": case.version,
        "as_of": case.as_of,
        "champion_version": case.champion_version,
        "run_id": case.record.run_id,
        "window_start": case.window.start,
        "window_end": case.window.end,
    }


def _describe_result(result: CheckResult) -> dict[str, object]:
    estimate = result.estimate
    return {
        "check": result.check,
        "slice": result.slice,
        "metric": result.metric,
        "value": estimate.value if estimate else None,
        "lower": estimate.lower if estimate else None,
        "upper": estimate.upper if estimate else None,
        "threshold": result.threshold,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "seconds": result.seconds,
    }


def publish_results(workspace: Workspace, settings: Settings, results: Sequence[Row]) -> None:
    """Publishes recorded numbers on the version's run, then the verdict in its tags, once."""
    (decision,) = [row for row in results if row.check == "decision"]
    client, name, version = workspace.mlflow, settings.model_name, str(decision.model_version)
    if VERDICT in client.get_model_version(name, version).tags:
        return
    for row in results:
        if row.run_id and not row.slice and row.value is not None and not math.isnan(row.value):
            # Logged again with the same time after a kill, the number is still one value.
            at = int(row.judged_at.timestamp() * 1000)
            client.log_metric(row.run_id, f"evaluation_{row.check}", row.value, at, step=0)
    for tag, text in ((VERDICT_REASON, decision.reason), (VERDICT, decision.verdict)):
        client.set_model_version_tag(name, version, tag, text[:LONGEST_TAG])
