"""Returning to the former champion in a workspace."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from bundlework.bundle.loading import load_bundle
from bundlework.errors import refuse

from .workspace import run_bundle


def roll_back_model(root: Path, target: str | None, version: str, reason: str, by: str) -> None:
    """Runs the deployed job that returns to the former champion.

    Args:
        version: The model version to return to; empty for the former champion.

    Raises:
        Refusal: Reason or name is missing, or the job failed.
    """
    given = {"REASON": reason, "BY": by}
    refuse([f"{name} is empty: say it, since it is recorded" for name in given if not given[name]])
    bundle = load_bundle(root, target)
    values = {"model_version": version.strip(), "reason": reason, "by": by}
    parameters = {bundle.contract.need(f"parameters.{role}"): v for role, v in values.items()}
    job = bundle.contract.need("jobs.rollback")
    run_bundle(bundle, "run", job, "--params", join_parameters(parameters))


def join_parameters(parameters: Mapping[str, str]) -> str:
    """Job parameters as the CLI takes them: one line of CSV, so that a value may hold anything."""
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="")
    writer.writerow([f"{name}={value}" for name, value in parameters.items()])
    return line.getvalue()
