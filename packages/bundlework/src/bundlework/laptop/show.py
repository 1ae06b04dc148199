"""Where the time went, and what the tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bundlework.bundle.contract import get_state, read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.errors import Refusal

from .catalogs import hash_rows
from .display import redirect_noise
from .java import find_java
from .runs import JobRun, RunStore
from .session import lock


def show_times(root: Path) -> None:
    """`times`: every task of the last command's runs, the longest first."""
    store = RunStore(get_state(root) / "runs.db")
    began, runs = store.list_session()
    if not runs:
        raise Refusal("nothing has run yet")
    rows = [(runs[0].started - began, "starting up")]
    for run in runs:
        as_of = run.parameters.get(read_contract(root).parameters.as_of, "")
        rows += [(seconds, f"{as_of} {name}") for seconds, name in _measure(store, run)]
    total = sum(seconds for seconds, _ in rows)
    print(f"{total:.1f} s in {len(runs)} runs")
    for seconds, name in sorted(rows, reverse=True):
        print(f"{seconds:8.1f} s  {seconds / total:4.0%}  {name}")


def _measure(store: RunStore, run: JobRun) -> Iterator[tuple[float, str]]:
    for task in store.list_tasks(run.id):
        if task["child"]:
            yield from _measure(store, store.get_job(task["child"]))
        elif task["started"]:
            yield (
                (task["finished"] or task["started"]) - task["started"],
                f"{run.job} / {task['task']}",
            )


def show_tables(root: Path) -> None:
    """`tables`: rows of every table, and a hash of them by which two states can be compared."""
    state = get_state(root)
    folders = sorted((state / "warehouse").glob("*/*/*/_delta_log"))
    if not folders:
        raise Refusal("nothing has run yet: make run")
    find_java()
    with lock(state), redirect_noise(state / "log.txt") as console:
        from .spark import build_session

        spark = build_session(state / "spark", [], serverless=load_bundle(root).is_serverless)
        for folder in (log.parent for log in folders):
            rows, digest = hash_rows(spark.read.format("delta").load(str(folder)))
            name = ".".join(folder.relative_to(state / "warehouse").parts)
            console.print(f"{rows:>10,}  {digest}  {name}", markup=False)
        spark.stop()
