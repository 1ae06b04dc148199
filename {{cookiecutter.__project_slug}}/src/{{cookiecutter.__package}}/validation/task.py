"""The task `validation`: judges a version once, and records every check."""

from __future__ import annotations

import datetime as dt
import logging

from pyspark.sql import Row
from pyspark.sql import functions as F

from .. import delta
from ..champion import find_champion
from ..code import digest_facts
from ..settings import Settings, ValidationSettings
from ..tables import VALIDATION_RESULTS
from ..windows import get_evaluation_window
from ..workspace import Workspace
from .card import log_card
from .evidence import RegisteredCase, find_version_of
from .gate import run_checks
from .results import CheckResult, decide
from .states import BARRED, State, move

log = logging.getLogger(__name__)


def validate(workspace: Workspace, settings: ValidationSettings) -> bool:
    """Judges a version once, records every check, and leaves `accepted` for the tasks after it.

    Returns:
        The verdict; that of a version judged before is the recorded one. A version that was rolled
        back from is not accepted again.
    """
    version = settings.model_version or find_version_of(workspace.mlflow, settings)
    recorded = read_results(workspace, settings, version)
    if not recorded:
        _judge(workspace, settings, version)
        recorded = read_results(workspace, settings, version)
    barred = workspace.mlflow.get_model_version(settings.model_name, str(version)).tags.get(BARRED)
    verdict = is_accepted(recorded) and not barred
    if not verdict:
        reason = barred or next(row.reason for row in recorded if row.check == "decision")
        move(
            workspace, settings, version, State.REJECTED, reason, evidence=digest_results(recorded)
        )
    workspace.task_values.set("model_version", version)
    workspace.task_values.set("accepted", str(verdict).lower())
    return verdict


def read_results(workspace: Workspace, settings: Settings, version: int) -> list[Row]:
    """The recorded results of a version, ordered; none when it has not been judged."""
    results = workspace.spark.table(VALIDATION_RESULTS.full_name(settings))
    return results.where(F.col("model_version") == version).orderBy("check", "slice").collect()


def is_accepted(results: list[Row]) -> bool:
    """Whether the recorded decision is that the version may become champion."""
    return any(row.check == "decision" and row.verdict == "passed" for row in results)


def digest_results(results: list[Row]) -> str:
    """What an approval rests on: changes with any number or verdict."""
    return digest_facts(
        [(r.check, r.slice, r.value, r.lower, r.upper, r.verdict, r.reason) for r in results]
    )


def _judge(workspace: Workspace, settings: Settings, version: int) -> None:
    move(workspace, settings, version, State.VALIDATING, "the deployment job began")
    champion = find_champion(workspace.spark, settings, before=True)
    window = get_evaluation_window(settings)
    log.info("scoring flights of %s", window)
    case = RegisteredCase(workspace, settings, window, version, champion)
    results = run_checks(case)
    results.append(decide(results))
    log_card(workspace, case, results)
    _record_results(workspace, settings, case, results)
    log.info("version %d: %s", version, results[-1].reason)


def _record_results(
    workspace: Workspace, settings: Settings, case: RegisteredCase, results: list[CheckResult]
) -> None:
    found = workspace.mlflow.get_model_version(settings.model_name, str(case.version))
    now = dt.datetime.now(dt.UTC)
    rows = [
        (
            case.version,
            r.check,
            r.slice,
            settings.as_of,
            r.metric,
            *((r.estimate.value, r.estimate.lower, r.estimate.upper) if r.estimate else [None] * 3),
            r.threshold,
            r.verdict.value,
            r.reason,
            case.champion_version,
            found.run_id,
            case.window.start,
            case.window.end,
            now,
            r.seconds,
        )
        for r in results
    ]
    frame = workspace.spark.createDataFrame(rows, VALIDATION_RESULTS.struct)
    name = VALIDATION_RESULTS.full_name(settings)
    delta.append_new_rows(name, frame, VALIDATION_RESULTS.keys)
