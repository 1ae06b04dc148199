"""`python -m local`: runs, repairs and shows the bundle's jobs on this laptop."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from .bundle import Bundle, load_bundle
from .catalogs import CatalogError, hash_rows
from .display import open_display, redirect_noise
from .graph import FAILURES, SUCCESSES, State, check_job, list_texts, sort_tasks
from .java import JavaError, find_java
from .runner import Runner, describe_run, fill_parameters, fill_values
from .runs import JobRun, RunStore
from .tasks import Executor
from .workspace import LocalWorkspace
from .yaml_source import BundleError

# When the command began, for who asks where the time went.
BEGAN = time.time()


class UsageError(ValueError):
    """Something asked for that cannot be done; the message says what to do instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 for success, 1 for a run that failed, 2 for bad use; each fault is one line on stderr.
    """
    options = parse_arguments(arguments)
    try:
        return options.command(options)
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


def get_state(root: Path) -> Path:
    """The folder that a project's runs keep everything in."""
    return Path(os.environ.get("LOCAL_WORKSPACE") or root / ".workspace")


def run_job(options: argparse.Namespace) -> int:
    """`run`: stops at the first date whose run fails."""
    dates = parse_dates(options.as_of)
    bundle = load_bundle(Path.cwd(), options.target, parse_pairs(options.var, "--var"))
    check_job(bundle, options.job)
    given = parse_pairs(options.param, "--param")
    runs = [{**given, "as_of": date} for date in dates] or [given]
    for parameters in runs:
        fill_parameters(bundle.jobs[options.job], parameters)
    with _session(bundle) as session:
        for parameters in runs:
            title = f"{options.job} in {bundle.target}, as of {parameters.get('as_of', 'default')}"
            done = session.play(title, partial(Runner.run, job=options.job, parameters=parameters))
            if session.has_failed(done):
                return 1
        session.print_account(done)
    return 0


def repair_run(options: argparse.Namespace) -> int:
    """`repair`: the last run that did not succeed, or the given one."""
    run = find_run(RunStore(get_state(Path.cwd()) / "runs.db"), options.run)
    bundle = load_bundle(Path.cwd(), run.target, parse_pairs(options.var, "--var"))
    with _session(bundle) as session:
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
    with _session(bundle) as session:
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
        waiting = [t["task"] for t in store.list_tasks(run.id) if t["state"] == State.FAILED]
        approvals = [task for task in waiting if task.startswith("approval")]
        values = store.get_values(run.id)
        versions = {str(value) for (_, key), value in values.items() if key == "model_version"}
        if approvals and version in versions:
            return run, approvals[0]
    raise UsageError(f"no run waits for approval of version {version}")


def find_run(store: RunStore, number: int | None) -> JobRun:
    """The run to repair.

    Raises:
        UsageError: There is none that needs it.
    """
    runs = [store.get_job(number)] if number else store.list_jobs()[-1:]
    if not runs or runs[0].state is State.SUCCESS:
        raise UsageError("the last run succeeded: there is nothing to repair")
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


class Session:
    """Runs that share one Spark session, one log file and one lock."""

    def __init__(self, bundle: Bundle, console: Console, workspace: LocalWorkspace) -> None:
        self._bundle, self._console, self._workspace = bundle, console, workspace
        self._package = read_package(bundle.root)
        self._store = RunStore(get_state(bundle.root) / "runs.db")
        self._store.mark_interrupted()
        self._store.open_session(BEGAN)

    def play(self, title: str, action: Callable[[Runner], JobRun]) -> JobRun:
        """Runs or repairs a job under the eyes of a person."""
        self._console.print(f"\n{title}", style="bold")
        executor = Executor(self._bundle.root, self._workspace, self._package)
        with open_display(self._console, self._package) as display:
            run = action(Runner(self._bundle, executor, self._store, display))
        seconds = (run.finished or run.started) - run.started
        self._console.print(f"{run.state} after {seconds:.0f} s")
        if self.has_failed(run):
            log = get_state(self._bundle.root) / "log.txt"
            self._console.print(f"Details: {log}\nOnce mended, go on with: make repair")
        return run

    def has_failed(self, run: JobRun) -> bool:
        """Whether something is to be mended; a task that waits for approval is not."""
        return bool(FAILURES & {run.state}) or any(
            not task.startswith("approval") for task in self._list_failed(run)
        )

    def _list_failed(self, run: JobRun) -> Iterator[str]:
        for task in self._store.list_tasks(run.id):
            if task["child"]:
                yield from self._list_failed(self._store.get_job(task["child"]))
            elif task["state"] in FAILURES - {State.UPSTREAM_FAILED}:
                yield task["task"]

    def tag_version(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Sets tags on a model version."""
        client = self._workspace.bind(self._package, task_values=None).mlflow
        for key, value in tags.items():
            client.set_model_version_tag(model, version, key, value)

    def print_account(self, run: JobRun) -> None:
        """The project's own account of its last run, if pyproject.toml names one."""
        points = read_pyproject(self._bundle.root)["project"].get("entry-points", {})
        name = points.get("local", {}).get("account")
        parameters = self._find_parameters(run)
        if name and parameters:
            module, function = name.split(":")
            workspace = self._workspace.bind(self._package, task_values=None)
            echo = partial(self._console.print, markup=False)
            getattr(import_module(module), function)(workspace, parameters, echo)

    def _find_parameters(self, run: JobRun) -> dict[str, str]:
        for task in sort_tasks(self._bundle.jobs[run.job]):
            if "python_wheel_task" in task:
                known = describe_run(self._bundle, run)
                return fill_values(task["python_wheel_task"].get("named_parameters", {}), known)
            if "run_job_task" in task:
                children = {t["task"]: t["child"] for t in self._store.list_tasks(run.id)}
                return self._find_parameters(self._store.get_job(children[task["task_key"]]))
        return {}


@contextmanager
def _session(bundle: Bundle) -> Iterator[Session]:
    state = get_state(bundle.root)
    state.mkdir(parents=True, exist_ok=True)
    find_java()
    with _locked(state), redirect_noise(state / "log.txt") as console:
        workspace = LocalWorkspace(state, bundle.schemas, find_read_only(bundle))
        workspace.record_grants(bundle.config.get("resources", {}))
        try:
            yield Session(bundle, console, workspace)
        finally:
            workspace.close()


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    holder = state / "holder"
    try:
        with FileLock(state / "lock", timeout=0):
            holder.write_text(f"process {os.getpid()} since {dt.datetime.now():%H:%M:%S}")
            yield
    except Timeout:
        who = holder.read_text() if holder.exists() else "another process"
        raise UsageError(f"{state} is in use by {who}: wait until it ends") from None


def find_read_only(bundle: Bundle) -> list[str]:
    """The catalogs of variables named `*_catalog` that jobs name and that are not the target's."""
    variables = bundle.config["variables"]
    named = [str(variables[name]["value"]) for name in variables if name.endswith("_catalog")]
    owned = {schema.split(".")[0] for schema in bundle.schemas}
    texts = list(list_texts(bundle.jobs))
    read = [name for name in named if any(text.startswith(f"{name}.") for text in texts)]
    return [catalog for catalog in dict.fromkeys(read) if catalog not in owned]


def read_pyproject(root: Path) -> dict[str, Any]:
    """The project's own description."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def read_package(root: Path) -> str:
    """The name of the project's Python package."""
    return read_pyproject(root)["project"]["name"].replace("-", "_")


def show_times(_: argparse.Namespace) -> int:
    """`times`: every task of the last command's runs, the longest first."""
    store = RunStore(get_state(Path.cwd()) / "runs.db")
    began, runs = store.list_session()
    if not runs:
        raise UsageError("nothing has run yet")
    rows = [(runs[0].started - began, "starting up")]
    for run in runs:
        as_of = run.parameters.get("as_of", "")
        rows += [(seconds, f"{as_of} {name}") for seconds, name in _measure(store, run)]
    total = sum(seconds for seconds, _ in rows)
    print(f"{total:.1f} s in {len(runs)} runs")
    for seconds, name in sorted(rows, reverse=True):
        print(f"{seconds:8.1f} s  {seconds / total:4.0%}  {name}")
    return 0


def show_tables(_: argparse.Namespace) -> int:
    """`tables`: rows of every table, and a hash of them by which two states can be compared."""
    state = get_state(Path.cwd())
    folders = sorted((state / "warehouse").glob("*/*/*/_delta_log"))
    if not folders:
        raise UsageError("nothing has run yet: make run")
    find_java()
    with _locked(state), redirect_noise(state / "log.txt") as console:
        from .spark import build_session

        spark = build_session(state / "spark", [])
        for folder in (log.parent for log in folders):
            rows, digest = hash_rows(spark.read.format("delta").load(str(folder)))
            name = ".".join(folder.relative_to(state / "warehouse").parts)
            console.print(f"{rows:>10,}  {digest}  {name}", markup=False)
        spark.stop()
    return 0


def _measure(store: RunStore, run: JobRun) -> Iterator[tuple[float, str]]:
    for task in store.list_tasks(run.id):
        if task["child"]:
            yield from _measure(store, store.get_job(task["child"]))
        elif task["started"]:
            yield (
                (task["finished"] or task["started"]) - task["started"],
                f"{run.job} / {task['task']}",
            )


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
        with _locked(state):
            shutil.rmtree(state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
