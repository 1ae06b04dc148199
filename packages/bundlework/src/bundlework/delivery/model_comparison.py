"""The model that a branch trains beside that of its base, on the same slice of data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.laptop.tracking import get_store_uri

from .programs import ask

LOG = "lifecycle.txt"


def describe_models(here: Path, there: Path, base: str, folder: Path) -> Iterator[str]:
    """Metrics of both models, when something changed that they are trained by."""
    bundle = load_bundle(here)
    trained_by = bundle.contract.need("trained_by")
    changed = ask(here, "git", "diff", "--name-only", f"{base}...HEAD", "--", *trained_by)
    if not changed:
        yield "Nothing changes that the model is trained by."
        return
    date = bundle.contract.need("variables.comparison_date")
    as_of = bundle.config["variables"][date]["value"]
    workspaces = {
        tree: folder.resolve() / name for name, tree in (("before", there), ("after", here))
    }
    for tree, workspace in workspaces.items():
        if not train(tree, workspace, bundle, as_of):
            yield f"The lifecycle failed {'here' if tree == here else 'on the base'}: see {LOG}."
            return
    yield f"Trained on the data before {as_of}:\n"
    yield from compare_metrics(read_metrics(workspaces[there]), read_metrics(workspaces[here]))


def train(tree: Path, workspace: Path, bundle: Bundle, as_of: str) -> bool:
    """Plays the lifecycle of a tree into a workspace of its own; whether it succeeded."""
    workspace.mkdir(parents=True, exist_ok=True)
    own = {**os.environ, "LOCAL_WORKSPACE": str(workspace), "VIRTUAL_ENV": ""}
    job = bundle.contract.need("jobs.lifecycle")
    command = ["make", "run", f"JOB={job}", f"TARGET={bundle.target}", f"AS_OF={as_of}"]
    with (workspace / LOG).open("w", encoding="utf-8") as log:
        return not subprocess.call(command, cwd=tree, env=own, stdout=log, stderr=log)


def read_metrics(workspace: Path) -> dict[str, float]:
    """The metrics of the version that was registered last."""
    # Importing it takes seconds, which no other verb should.
    from mlflow import MlflowClient

    address = get_store_uri(workspace)
    client = MlflowClient(address, registry_uri=address)
    versions = client.search_model_versions()
    last = max(versions, key=lambda version: int(version.version))
    metrics: dict[str, float] = client.get_run(str(last.run_id)).data.metrics
    return metrics


def compare_metrics(before: dict[str, float], after: dict[str, float]) -> Iterator[str]:
    """A row for each metric that both have."""
    yield "| metric | before | after | change |"
    yield "|---|---|---|---|"
    for name in sorted({*before} & {*after}):
        old, new = before[name], after[name]
        yield f"| {name} | {old:.4f} | {new:.4f} | {new - old:+.4f} |"
