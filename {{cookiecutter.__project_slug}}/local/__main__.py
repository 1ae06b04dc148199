"""`python -m local`: runs, repairs and shows the bundle's jobs on this laptop."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .bundle import load_bundle
from .catalogs import CatalogError
from .faults import check_job
from .graph import SUCCESSES, State
from .java import JavaError
from .parameters import fill_parameters
from .project import get_state
from .runner import Runner
from .runs import JobRun, RunStore
from .session import UsageError, lock, open_session, waits_for_approval
from .show import show_tables, show_times
from .yaml_source import BundleError

# When the command began, for who asks where the time went.
BEGAN = time.time()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 for success, 1 for a run that failed, 2 for bad use; each fault is one line on stderr.
    """
    options = parse_arguments(arguments)
    try:
        return options.command(options)
    except KeyError:
        # A mistake of this program: the key alone would tell nobody what to do.
        raise
    except (BundleError, CatalogError, JavaError, UsageError, LookupError) as fault:
        print(fault, file=sys.stderr)
    except sqlite3.OperationalError as fault:
        print(f"{get_state(Path.cwd())}: {fault}", file=sys.stderr)
    except OSError as fault:
        print(f"{fault.filename or get_state(Path.cwd())}: {fault.strerror}", file=sys.stderr)
    return 2


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _add(commands, "run", run_job, "run a job of the bundle, once for each date")
    run.add_argument("--job", default="lifecycle")
    run.add_argument("--as-of", default="", help="dates YYYY-MM-DD, separated by commas")
    run.add_argument("--param", action="append", default=[], metavar="NAME=VALUE")
    repair = _add(commands, "repair", repair_run, "run again what failed in a run")
    repair.add_argument("run", nargs="?", type=int, help="number of the run; default: the last")
    answer = _add(commands, "answer", answer_approval, "answer a task that waits for approval")
    answer.add_argument("--version", required=True, help="the model version that waits")
    answer.add_argument("--answer", choices=("Approved", "Rejected"), default="Approved")
    answer.add_argument("--by", default=getpass.getuser(), help="who answers")
    for command in (run, repair, answer):
        command.add_argument("--target")
        command.add_argument("--var", action="append", default=[], metavar="NAME=VALUE")
    _add(commands, "times", show_times, "where the time of the last command went")
    _add(commands, "tables", show_tables, "rows and hashes of all tables")
    _add(commands, "ui", open_ui, "open MLflow's pages")
    _add(commands, "clean", remove_state, "remove everything the runs have made")
    return parser.parse_args(arguments)


def _add(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    parser.set_defaults(command=command)
    return parser


def run_job(options: argparse.Namespace) -> int:
    """`run`: stops at the first date whose run fails."""
    dates = parse_dates(options.as_of)
    bundle = load_bundle(Path.cwd(), options.target, parse_pairs(options.var, "--var"))
    check_job(bundle, options.job)
    given = parse_pairs(options.param, "--param")
    runs = [{**given, "as_of": date} for date in dates] or [given]
    for parameters in runs:
        fill_parameters(bundle.jobs[options.job], parameters)
    with open_session(bundle, BEGAN) as session:
        for parameters in runs:
            title = f"{options.job} in {bundle.target}, as of {parameters.get('as_of', 'default')}"
            done = session.play(title, partial(Runner.run, job=options.job, parameters=parameters))
            if session.has_failed(done):
                return 1
        session.print_account(done)
    return 0


def repair_run(options: argparse.Namespace) -> int:
    """`repair`: the last run, or the given one, unless it succeeded."""
    run = find_run(RunStore(get_state(Path.cwd()) / "runs.db"), options.run)
    bundle = load_bundle(Path.cwd(), run.target, parse_pairs(options.var, "--var"))
    with open_session(bundle, BEGAN) as session:
        done = session.play(
            f"repairing run {run.id}, {run.job}", partial(Runner.repair, run=run.id)
        )
        failed = session.has_failed(done)
        if not failed:
            session.print_account(done)
    return int(failed)


def answer_approval(options: argparse.Namespace) -> int:
    """`answer`: as a person would in Unity Catalog, tags the version and repairs the run."""
    run, task = find_waiting(RunStore(get_state(Path.cwd()) / "runs.db"), options.version)
    bundle = load_bundle(Path.cwd(), run.target, parse_pairs(options.var, "--var"))
    tags = {task: options.answer, f"{task}_by": options.by}
    with open_session(bundle, BEGAN) as session:
        session.tag_version(run.parameters["model_name"], options.version, tags)
        title = f"version {options.version}: {options.answer}"
        done = session.play(title, partial(Runner.repair, run=run.id))
    # A refusal ends the run as failed, as it should.
    return 0 if done.state in SUCCESSES or options.answer == "Rejected" else 1


def find_waiting(store: RunStore, version: str) -> tuple[JobRun, str]:
    """The last run that waits for approval of a version, and the task that does.

    Raises:
        UsageError: There is none.
    """
    for run in reversed(store.list_jobs(children=True)):
        waiting = [t["task"] for t in store.list_tasks(run.id) if waits_for_approval(t)]
        values = store.get_values(run.id)
        versions = {str(value) for (_, key), value in values.items() if key == "model_version"}
        if waiting and version in versions:
            return run, waiting[0]
    raise UsageError(f"no run waits for approval of version {version}")


def find_run(store: RunStore, number: int | None) -> JobRun:
    """The run to repair, by its number or the last one.

    Raises:
        UsageError: There is none, or it succeeded.
    """
    runs = store.list_jobs()[-1:] if number is None else [store.get_job(number)]
    if not runs:
        raise UsageError("nothing has run yet: make run")
    if runs[0].state is State.SUCCESS:
        raise UsageError(f"run {runs[0].id} succeeded: there is nothing to repair")
    return runs[0]


def parse_dates(text: str) -> list[str]:
    """Dates separated by commas.

    Raises:
        UsageError: One is no date.
    """
    dates = [date.strip() for date in text.split(",") if date.strip()]
    for date in dates:
        try:
            dt.datetime.strptime(date, "%Y-%m-%d")
        except ValueError:
            raise UsageError(f"as_of {date!r} is no date: write YYYY-MM-DD") from None
    return dates


def parse_pairs(pairs: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` options.

    Raises:
        UsageError: One has no equals sign.
    """
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise UsageError(f"{option} {wrong[0]!r}: write NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def open_ui(_: argparse.Namespace) -> int:
    """`ui`: MLflow's own, over the runs of this project."""
    from .tracking import get_artifact_root, get_store_uri, mend_locations

    state = get_state(Path.cwd())
    if not (state / "mlflow.db").exists():
        raise UsageError("nothing has run yet: make run")
    mend_locations(state)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", get_store_uri(state)]
    return subprocess.call([*command, "--default-artifact-root", get_artifact_root(state).as_uri()])


def remove_state(_: argparse.Namespace) -> int:
    """`clean`: unless a run is using it."""
    state = get_state(Path.cwd())
    if state.exists():
        with lock(state):
            shutil.rmtree(state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
