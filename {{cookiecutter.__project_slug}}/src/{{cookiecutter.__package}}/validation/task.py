"""The tasks of the deployment job: `validation` judges a version, `promotion` makes it champion."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from pyspark.sql import functions as F

from .. import delta
from ..champion import CHAMPION, find_champion, find_latest_champion
from ..settings import Settings, ValidationSettings
from ..tables import PROMOTIONS, VALIDATION_RESULTS
from ..windows import get_evaluation_window
from ..workspace import Workspace
from .checks import (
    CheckResult,
    check_against_baseline,
    check_against_champion,
    check_evidence,
    check_lineage,
    check_scores,
    check_unseen,
    decide,
    measure_auc,
)
from .evidence import EvaluationRows, VersionRecord, find_version_of, read_record

log = logging.getLogger(__name__)


def validate(workspace: Workspace, settings: ValidationSettings) -> bool:
    """Judges a version once, records every check, and leaves `accepted` for the tasks after it.

    Returns:
        The verdict; that of a version judged before is the recorded one.
    """
    version = settings.model_version or find_version_of(workspace.mlflow, settings)
    verdict = read_verdict(workspace, settings, version)
    if verdict is None:
        verdict = _judge(workspace, settings, version)
    workspace.task_values.set("model_version", version)
    workspace.task_values.set("accepted", str(verdict).lower())
    return verdict


def read_verdict(workspace: Workspace, settings: Settings, version: int) -> bool | None:
    """The recorded decision on a version; None when it has not been judged."""
    decisions = (
        workspace.spark.table(VALIDATION_RESULTS.full_name(settings))
        .where((F.col("model_version") == version) & (F.col("check") == "decision"))
        .collect()
    )
    return decisions[0].passed if decisions else None


def _judge(workspace: Workspace, settings: Settings, version: int) -> bool:
    record = read_record(workspace.mlflow, settings, version)
    champion = find_champion(workspace.spark, settings, before=True)
    results = run_checks(workspace, settings, record, champion)
    decision = decide(results)
    _record_results(workspace, settings, record, champion, [*results, decision])
    log.info("version %d %s", version, "accepted" if decision.passed else "blocked")
    return decision.passed


def run_checks(
    workspace: Workspace, settings: Settings, record: VersionRecord, champion: int | None
) -> list[CheckResult]:
    """Every check's result; an exception is a failed check with the exception as its reason."""
    results = [check_lineage(record.run_id, record.metrics, record.tags)]
    try:
        results += _check_performance(workspace, settings, record, champion)
    except Exception as error:  # whatever goes wrong while judging must block, not pass
        log.exception("a check of version %d failed", record.version)
        results.append(CheckResult("completed", False, f"{type(error).__name__}: {error}"))
    return results


def _check_performance(
    workspace: Workspace, settings: Settings, record: VersionRecord, champion: int | None
) -> list[CheckResult]:
    window = get_evaluation_window(settings)
    ends = {record.version: record.training_end}
    if champion:
        ends[champion] = read_record(workspace.mlflow, settings, champion).training_end
    evaluation = EvaluationRows(workspace, settings, window)
    log.info("scoring flights of %s", window)
    rows, scores = evaluation.score(record.version)
    results = [check_unseen(window, ends), check_evidence(rows), check_scores(rows, scores)]
    if all(result.passed for result in results):
        log.info("comparing with %s", f"champion {champion}" if champion else "the baseline")
        results.append(measure_auc(rows, scores))
        results.append(_compare(evaluation, rows, scores, champion))
    return results


def _compare(
    evaluation: EvaluationRows, rows: pd.DataFrame, scores: np.ndarray, champion: int | None
) -> CheckResult:
    if champion is None:
        return check_against_baseline(rows, scores)
    return check_against_champion(rows, scores, evaluation.score(champion)[1], champion)


def _record_results(
    workspace: Workspace,
    settings: Settings,
    record: VersionRecord,
    champion: int | None,
    results: list[CheckResult],
) -> None:
    window = get_evaluation_window(settings)
    rows = [
        (
            record.version,
            r.check,
            settings.as_of,
            r.metric,
            *((r.estimate.value, r.estimate.lower, r.estimate.upper) if r.estimate else [None] * 3),
            r.threshold,
            r.passed,
            r.reason,
            champion,
            record.run_id,
            window.start,
            window.end,
        )
        for r in results
    ]
    frame = workspace.spark.createDataFrame(rows, VALIDATION_RESULTS.struct)
    name = VALIDATION_RESULTS.full_name(settings)
    delta.append_new_rows(name, frame, VALIDATION_RESULTS.keys)


def promote(workspace: Workspace, settings: ValidationSettings) -> None:
    """Records the promotion of an accepted version, then moves the alias.

    The alias goes to the version promoted last, whatever the run's `as_of`: repeating an older
    run does not bring an older champion back.

    Raises:
        PermissionError: The version was not accepted.
    """
    version = settings.model_version or find_version_of(workspace.mlflow, settings)
    if not read_verdict(workspace, settings, version):
        raise PermissionError(f"version {version} was not accepted: it cannot become champion")
    former = find_champion(workspace.spark, settings, before=True)
    row = (version, settings.as_of, former, "accepted by validation")
    frame = workspace.spark.createDataFrame([row], PROMOTIONS.struct)
    delta.append_new_rows(PROMOTIONS.full_name(settings), frame, PROMOTIONS.keys)
    latest = find_latest_champion(workspace.spark, settings)
    workspace.mlflow.set_registered_model_alias(settings.model_name, CHAMPION, str(latest))
