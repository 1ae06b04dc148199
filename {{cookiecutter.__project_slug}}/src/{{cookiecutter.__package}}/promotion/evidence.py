"""The evidence that a person approves, as one digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlflow import MlflowClient
from pyspark.sql import Row

from ..platform.fingerprint import digest_facts
from ..registry.artifact import digest_content, digest_files
from ..registry.drift import BASELINE_FILE
from ..registry.loading import download_version
from ..registry.versions import find_run
from ..validation.card import MARKDOWN, PAGE
from ..validation.record import digest_results

# Artifacts of the version's run: people who may edit the experiment could change these.
SHOWN = (MARKDOWN, PAGE, BASELINE_FILE)


def digest_evidence(client: MlflowClient, name: str, version: int, results: Sequence[Row]) -> str:
    """Digests a version's results, its files, its model card and its baseline of monitoring.

    Raises:
        mlflow.exceptions.MlflowException: The version or its artifact is missing.
    """
    run = client.get_model_version(name, str(version)).run_id
    files = digest_files(download_version(name, version))
    return digest_facts(digest_results(results), files, sorted(_digest_shown(client, run)))


def _digest_shown(client: MlflowClient, run: str | None) -> Iterator[tuple[str, str]]:
    """Digests what is there: a file that is removed or added later changes the evidence."""
    found = find_run(client, run)
    if found is None:
        return
    for artifact in client.list_artifacts(found.info.run_id):
        if artifact.path in SHOWN:
            path = client.download_artifacts(found.info.run_id, artifact.path)
            yield artifact.path, digest_content(path)
