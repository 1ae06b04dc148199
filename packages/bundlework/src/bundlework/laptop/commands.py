"""The verbs that play the bundle's jobs on this machine."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bundlework import BEGAN
from bundlework.bundle.contract import Contract, get_state, read_contract
from bundlework.bundle.graph import SUCCESSES, State
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.parameters import fill_parameters
from bundlework.errors import Refusal

from .playable import check_job
from .runner import Runner
from .runs import JobRun, RunStore
from .session import lock, open_session, waits_for_approval

# The files that runs make in their folder, with those that SQLite puts beside a database.
MADE = (
    "artifact_root", "artifacts", "governance.jsonl", "holder", "lock", "log.txt", "mlflow.db*",
    "online", "runs.db*", "secrets", "spark", "warehouse",
)  # fmt: skip


def run_job(
    root: Path,
    job: str | None,
    as_of: str,
    parameters: Sequence[str],
    target: str | None,
    variables: Sequence[str],
) -> int:
    """Plays a job once for each date, and stops at the first run that fails.

    Args:
        as_of: Dates separated by commas; empty for the job's own default.
        parameters: Job parameters, `NAME=VALUE`.
        variables: Variables of the bundle, `NAME=VALUE`.

    Returns:
        1 when a run failed, else 0.

    Raises:
        Refusal: The bundle, the job, a date or a parameter is wrong; nothing has run.
    """
    dates = parse_dates(as_of)
    bundle = load_bundle(root, target, parse_pairs(variables, "--var"))
    name = job or bundle.contract.need("jobs.default")
    check_job(bundle, name)
    runs = list_runs(bundle, name, dates, parse_pairs(parameters, "--param"))
    with open_session(bundle, BEGAN) as session:
        for told, date in zip(runs, dates or ["default"], strict=True):
            title = f"{name} in {bundle.target}, as of {date}"
            done = session.play(title, partial(Runner.run, job=name, parameters=told))
            if session.has_failed(done):
                break
        session.print_account(done)
        return int(session.has_failed(done))


def list_runs(
    bundle: Bundle, job: str, dates: Sequence[str], given: Mapping[str, str]
) -> list[dict[str, str]]:
    """The parameters of each run: one for each date, or one without.

    Raises:
        Refusal: The job has no such parameter.
    """
    name = bundle.contract.need("parameters.as_of") if dates else ""
    runs = [{**given, name: date} for date in dates] or [dict(given)]
    for told in runs:
        fill_parameters(bundle.jobs[job], told)
    return runs


def repair_run(root: Path, number: int | None, variables: Sequence[str]) -> int:
    """Plays again the tasks of a run that did not succeed.

    Args:
        number: Of the run; None for the last one.

    Returns:
        1 when the run failed again, else 0.

    Raises:
        Refusal: The run does not exist, or it succeeded.
    """
    run = find_run(RunStore(get_state(root) / "runs.db"), number)
    bundle = load_bundle(root, run.target, parse_pairs(variables, "--var"))
    with open_session(bundle, BEGAN) as session:
        title = f"repairing run {run.id}, {run.job}"
        done = session.play(title, partial(Runner.repair, run=run.id))
        session.print_account(done)
        return int(session.has_failed(done))


def answer_approval(
    root: Path, version: str, answer: str, by: str, variables: Sequence[str]
) -> int:
    """Tags the version as the button in Unity Catalog does, and repairs the run.

    Args:
        answer: Approved or Rejected.

    Raises:
        Refusal: No run waits for approval of the version.
    """
    contract = read_contract(root)
    task = contract.need("approval.task")
    run = find_waiting(RunStore(get_state(root) / "runs.db"), contract, version)
    bundle = load_bundle(root, run.target, parse_pairs(variables, "--var"))
    tags = {task: answer, f"{task}_by": by}
    with open_session(bundle, BEGAN) as session:
        model = run.parameters[contract.need("parameters.model_name")]
        session.tag_version(model, version, tags)
        done = session.play(f"version {version}: {answer}", partial(Runner.repair, run=run.id))
    # A rejected version ends the run as failed: the command did its work all the same.
    return 0 if done.state in SUCCESSES or answer == "Rejected" else 1


def find_waiting(store: RunStore, contract: Contract, version: str) -> JobRun:
    """The last run that waits for approval of a version.

    Raises:
        Refusal: There is none.
    """
    for run in reversed(store.list_jobs(children=True)):
        waits = any(waits_for_approval(task, contract) for task in store.list_tasks(run.id))
        name, values = contract.parameters.model_version, store.get_values(run.id)
        versions = {str(value) for (_, key), value in values.items() if key == name}
        if waits and version in versions:
            return run
    raise Refusal(f"no run waits for approval of version {version}")


def find_run(store: RunStore, number: int | None) -> JobRun:
    """The run to repair, by its number or the last one.

    Raises:
        Refusal: There is none, or it succeeded.
    """
    runs = store.list_jobs()[-1:] if number is None else [store.get_job(number)]
    if not runs:
        raise Refusal("nothing has run yet: make run")
    if runs[0].state is State.SUCCESS:
        raise Refusal(f"run {runs[0].id} succeeded: there is nothing to repair")
    return runs[0]


def parse_dates(text: str) -> list[str]:
    """Dates separated by commas.

    Raises:
        Refusal: One of them is not a date.
    """
    dates = [date.strip() for date in text.split(",") if date.strip()]
    for date in dates:
        try:
            dt.datetime.strptime(date, "%Y-%m-%d")
        except ValueError:
            raise Refusal(f"as_of {date!r} is not a date: write YYYY-MM-DD") from None
    return dates


def parse_pairs(pairs: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` options by their name.

    Raises:
        Refusal: One has no equals sign.
    """
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise Refusal(f"{option} {wrong[0]!r}: write NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def open_ui(root: Path) -> int:
    """Serves MLflow's pages over the runs of this project, to this machine alone.

    Raises:
        Refusal: Nothing has run yet.
    """
    from .tracking import get_artifact_root, get_store_uri, mend_locations

    state = get_state(root)
    if not (state / "mlflow.db").exists():
        raise Refusal("nothing has run yet: make run")
    mend_locations(state)
    # MLFLOW_HOST would open the pages, which ask for no password, to the network.
    command = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1"]
    stores = ["--backend-store-uri", get_store_uri(state)]
    artifacts = ["--default-artifact-root", get_artifact_root(state).as_uri()]
    return subprocess.call([*command, *stores, *artifacts])


def remove_empty_folders(folder: Path) -> None:
    """Removes the folders below and including one that hold no file of a person."""
    for path, _, _ in os.walk(folder, topdown=False):
        if not any(Path(path).iterdir()):
            Path(path).rmdir()


def remove_state(root: Path) -> None:
    """Removes everything that the runs have made; LOCAL_WORKSPACE may name another's folder.

    Raises:
        Refusal: A run is using it.
    """
    state = get_state(root)
    if not state.exists():
        return
    with lock(state):
        for made in (path for name in MADE for path in state.glob(name)):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        remove_empty_folders(state / "volumes")
    left = sorted(path.name for path in state.iterdir())
    if left:
        print(f"{state}: {', '.join(left)}: no run has made this, and it stays")
    else:
        state.rmdir()
