"""The task `validation`: judges a version once, and records every check."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

from mlflow import MlflowClient
from pyspark.sql import Row

from ..features.currency import read_current
from ..platform.workspace import Workspace
from ..registry.champion import find_bar, find_registered_rival, read_promotions
from ..registry.states import State, Transition, move
from ..registry.tags import FINISHED, IDENTITY
from ..registry.versions import DatedVersion, choose_version, find_run
from ..settings import ValidationSettings
from .card import log_card
from .case import Case, RegisteredCase
from .gate import run_check, run_checks
from .record import digest_results, is_accepted, publish_results, read_results, record_results
from .results import CheckResult, decide

log = logging.getLogger(__name__)

# Seconds: training needs a few of them between registering a version and its last tag.
PATIENCE, PAUSE = 60, 5


class UnfinishedVersionError(RuntimeError):
    """Training has not set all tags of a version; nothing was recorded."""


def validate(workspace: Workspace, settings: ValidationSettings) -> bool:
    """Judges a version once, records every check, and leaves `accepted` for the tasks after it.

    Returns:
        The verdict. A version that was judged before keeps its recorded verdict. A version that
        was rolled back from is not accepted again.

    Raises:
        UnfinishedVersionError: The training of the version was cut short.
        StaleFeaturesError: The features are of other code or other facts.
    """
    number = choose_version(workspace.mlflow, settings).number
    wait_for_training(workspace.mlflow, settings.model_name, number)
    # Only a finished version is sure to have the tag with its date.
    version = choose_version(workspace.mlflow, settings)
    promotions = read_promotions(workspace.spark, settings)
    results = read_results(workspace, settings, version.number)
    if not results:
        _judge(workspace, settings, version, promotions)
        results = read_results(workspace, settings, version.number)
    publish_results(workspace, settings, results)
    bar = find_bar(promotions, version.number)
    verdict = is_accepted(results) and not bar
    if not verdict:
        _reject(workspace, settings, version, results, bar)
    workspace.task_values.set("model_version", version.number)
    workspace.task_values.set("accepted", str(verdict).lower())
    return verdict


def wait_for_training(client: MlflowClient, name: str, version: int) -> None:
    """Waits for a version's last tag: in a workspace, registering it starts this job at once.

    Raises:
        UnfinishedVersionError: The tag does not come.
    """
    for pause in range(0, PATIENCE + PAUSE, PAUSE):
        found = client.get_model_version(name, str(version))
        if FINISHED in found.tags or not _is_trained_here(client, found.run_id):
            return
        time.sleep(PAUSE if pause < PATIENCE else 0)
    raise UnfinishedVersionError(
        f"version {version} of {name} has no tag {FINISHED}: repeat the job training, which goes on"
    )


def _is_trained_here(client: MlflowClient, run: str | None) -> bool:
    found = find_run(client, run)
    return found is not None and IDENTITY in found.data.tags


def _judge(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    promotions: Sequence[Row],
) -> None:
    read_current(workspace.spark, settings, version.as_of)
    begun = Transition(
        model_version=version.number,
        state=State.VALIDATING,
        as_of=version.as_of,
        reason="the deployment job began",
    )
    move(workspace, settings, begun)
    champion = find_registered_rival(workspace.mlflow, settings.model_name, promotions, version)
    case = RegisteredCase(workspace, settings, version, champion)
    log.info("judging version %d, %s", version.number, case.window)
    results = run_checks(case)

    def check_model_card(_: Case) -> Iterator[CheckResult]:
        yield log_card(workspace, case, results)

    results += run_check(case, check_model_card)
    results.append(decide(results))
    record_results(workspace, settings, case, results)
    log.info("version %d: %s", version.number, results[-1].reason)


def _reject(
    workspace: Workspace,
    settings: ValidationSettings,
    version: DatedVersion,
    results: Sequence[Row],
    bar: Row | None,
) -> None:
    change = Transition(
        model_version=version.number,
        state=State.REJECTED,
        as_of=version.as_of,
        reason=bar.reason if bar else next(r.reason for r in results if r.check == "decision"),
        evidence=digest_results(results),
    )
    move(workspace, settings, change)
