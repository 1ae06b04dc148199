"""Where the time went, and what the tables hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bundlework.bundle.contract import get_state, read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.errors import Refusal

from .catalogs import hash_rows, open_catalogs
from .display import redirect_noise
from .java import find_java
from .runs import JobRun, RunStore
from .session import lock

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from rich.console import Console

# Rows that are shown, and characters of a value.
SHOWN, WIDEST = 20, 60


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
    tables = list_tables(root)
    with open_spark(root) as (spark, console):
        for name, folder in tables.items():
            rows, digest = hash_rows(spark.read.format("delta").load(str(folder)))
            console.print(f"{rows:>10,}  {digest}  {name}", markup=False)


def show_rows(root: Path, table: str, where: str) -> None:
    """`show`: the first rows of a table or view for which a condition holds.

    Raises:
        Refusal: No table has that name, several have it, or the condition is wrong.
    """
    warehouse = get_state(root) / "warehouse"
    views = {name_of(path.with_suffix(""), warehouse): path for path in warehouse.glob("*/*/*.sql")}
    name = choose_table([*list_tables(root), *views], table)
    schemas = {name_of(folder, warehouse) for folder in warehouse.glob("*/*") if folder.is_dir()}
    with open_spark(root, {schema.split(".")[0] for schema in schemas}) as (spark, console):
        open_catalogs(spark, warehouse, sorted(schemas))
        rows = select_rows(spark.table(name), where)
        number = rows.count()
        shown = rows.limit(SHOWN).toPandas()
        if number:
            console.print(shown.to_string(index=False, max_colwidth=WIDEST), markup=False)
        console.print(f"{len(shown)} of {number:,} rows of {name}", markup=False)


def list_tables(root: Path) -> dict[str, Path]:
    """The folders of all tables, by their full names.

    Raises:
        Refusal: There is none.
    """
    warehouse = get_state(root) / "warehouse"
    folders = [log.parent for log in sorted(warehouse.glob("*/*/*/_delta_log"))]
    if not folders:
        raise Refusal("nothing has run yet: make run")
    return {name_of(folder, warehouse): folder for folder in folders}


def name_of(folder: Path, warehouse: Path) -> str:
    """The full name of what lies in a folder of the warehouse."""
    return ".".join(folder.relative_to(warehouse).parts)


def choose_table(names: Sequence[str], asked: str) -> str:
    """The one table of that name; a schema may be named by the end of its name.

    Raises:
        Refusal: No table has that name, or several have it.
    """
    found = [name for name in names if _is_meant(name.split("."), asked.split("."))]
    if not found:
        raise Refusal(f"there is no table {asked}: make tables lists all")
    if len(found) > 1:
        raise Refusal(f"{asked} may be {' or '.join(sorted(found))}: write more of the name")
    return found[0]


def _is_meant(parts: Sequence[str], asked: Sequence[str]) -> bool:
    pairs = list(zip(reversed(parts), reversed(asked), strict=False))
    fits = all(part == wanted or part.endswith(f"_{wanted}") for part, wanted in pairs)
    return fits and len(asked) <= len(parts) and parts[-1] == asked[-1]


def select_rows(frame: DataFrame, where: str) -> DataFrame:
    """The rows for which a condition holds; all without one.

    Raises:
        Refusal: The condition is no SQL, or names no column of the frame.
    """
    from pyspark.errors import AnalysisException, ParseException

    try:
        rows = frame.where(where) if where else frame
        # Spark Connect looks at a condition only when something is asked of the rows.
        _ = rows.schema
    except (AnalysisException, ParseException) as fault:
        said = str(fault).strip().splitlines()[0]
        columns = ", ".join(frame.columns)
        raise Refusal(
            f"the condition {where!r} is wrong: {said} The columns are {columns}."
        ) from None
    return rows


@contextmanager
def open_spark(root: Path, catalogs: Iterable[str] = ()) -> Iterator[tuple[SparkSession, Console]]:
    """Spark over what the runs have made, and the console to show it on."""
    find_java()
    state = get_state(root)
    with lock(state), redirect_noise(state / "log.txt") as console:
        from .spark import build_session

        serverless = load_bundle(root).is_serverless
        spark = build_session(state / "spark", sorted(catalogs), serverless=serverless)
        try:
            yield spark, console
        finally:
            spark.stop()
