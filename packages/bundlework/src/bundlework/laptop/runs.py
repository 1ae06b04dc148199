"""The record of job runs and their tasks, so that a failed run can be repaired."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundlework.bundle.graph import State
from bundlework.errors import Refusal

SCHEMA = """
CREATE TABLE IF NOT EXISTS job_runs (
  id INTEGER PRIMARY KEY, parent INTEGER, job TEXT, target TEXT, parameters TEXT, state TEXT,
  started REAL, finished REAL, repairs INTEGER DEFAULT 0, session INTEGER);
CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY, began REAL);
CREATE TABLE IF NOT EXISTS task_runs (
  id INTEGER PRIMARY KEY, job_run INTEGER, task TEXT, attempt INTEGER, state TEXT, error TEXT,
  child INTEGER, started REAL, finished REAL);
CREATE TABLE IF NOT EXISTS task_values (
  job_run INTEGER, task TEXT, key TEXT, value TEXT, PRIMARY KEY (job_run, task, key));
"""


@dataclass(frozen=True)
class JobRun:
    """A recorded job run; times in seconds since 1970."""

    id: int
    parent: int | None
    job: str
    target: str
    parameters: dict[str, str]
    state: State
    started: float
    finished: float | None
    repairs: int


class RunStore:
    """Runs in an SQLite file; every change is durable when the call returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(SCHEMA)
        self._session: int | None = None

    def open_session(self, began: float) -> None:
        """Counts the runs to come as those of one command, which began at a time."""
        command = "INSERT INTO sessions (began) VALUES (?)"
        self._session = self._database.execute(command, (began,)).lastrowid

    def list_session(self) -> tuple[float, list[JobRun]]:
        """When the last command began, and the runs that it started."""
        query = "SELECT id, began FROM sessions ORDER BY id DESC LIMIT 1"
        number, began = self._database.execute(query).fetchone() or (None, 0.0)
        query = "SELECT id FROM job_runs WHERE parent IS NULL AND session = ? ORDER BY id"
        rows = self._database.execute(query, (number,)).fetchall()
        return began, [self.get_job(row[0]) for row in rows]

    def mark_interrupted(self) -> None:
        """Marks runs that a killed process left running; the caller holds the lock."""
        for table in ("job_runs", "task_runs"):
            self._database.execute(
                f"UPDATE {table} SET state = ?, finished = ? WHERE state = ?",
                (State.INTERRUPTED, time.time(), State.RUNNING),
            )

    def start_job(
        self, job: str, target: str, parameters: dict[str, str], parent: int | None
    ) -> JobRun:
        """Records a new run of a job."""
        cursor = self._database.execute(
            "INSERT INTO job_runs (parent, job, target, parameters, state, started, session)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                parent,
                job,
                target,
                json.dumps(parameters),
                State.RUNNING,
                time.time(),
                self._session,
            ),
        )
        return self.get_job(cursor.lastrowid or 0)

    def restart_job(self, run: int) -> JobRun:
        """Records that a run is being repaired."""
        self._database.execute(
            "UPDATE job_runs SET state = ?, finished = NULL, repairs = repairs + 1 WHERE id = ?",
            (State.RUNNING, run),
        )
        return self.get_job(run)

    def finish_job(self, run: int, state: State) -> None:
        """Records a run's end."""
        self._database.execute(
            "UPDATE job_runs SET state = ?, finished = ? WHERE id = ?", (state, time.time(), run)
        )

    def get_job(self, run: int) -> JobRun:
        """A run by its number.

        Raises:
            Refusal: There is none.
        """
        columns = "id, parent, job, target, parameters, state, started, finished, repairs"
        query = f"SELECT {columns} FROM job_runs WHERE id = ?"
        row = self._database.execute(query, (run,)).fetchone()
        if row is None:
            raise Refusal(f"there is no run {run}")
        number, parent, job, target, parameters, state, started, finished, repairs = row
        return JobRun(
            id=number,
            parent=parent,
            job=job,
            target=target,
            parameters=json.loads(parameters),
            state=State(state),
            started=started,
            finished=finished,
            repairs=repairs,
        )

    def list_jobs(self, children: bool = False) -> list[JobRun]:
        """All runs that no other run started, the latest last; with children, those too."""
        condition = "" if children else "WHERE parent IS NULL"
        query = f"SELECT id FROM job_runs {condition} ORDER BY id"
        return [self.get_job(row[0]) for row in self._database.execute(query).fetchall()]

    def start_task(self, job_run: int, task: str) -> tuple[int, int]:
        """Records a new attempt at a task; its number and how many there have been."""
        count = "SELECT count(*) FROM task_runs WHERE job_run = ? AND task = ? AND started > 0"
        attempt = self._database.execute(count, (job_run, task)).fetchone()[0] + 1
        cursor = self._database.execute(
            "INSERT INTO task_runs (job_run, task, attempt, state, started) VALUES (?, ?, ?, ?, ?)",
            (job_run, task, attempt, State.RUNNING, time.time()),
        )
        return cursor.lastrowid or 0, attempt

    def set_child(self, task_run: int, child: int) -> None:
        """Records which run a task started."""
        self._database.execute("UPDATE task_runs SET child = ? WHERE id = ?", (child, task_run))

    def finish_task(self, task_run: int, state: State, error: str | None = None) -> None:
        """Records a task's end."""
        self._database.execute(
            "UPDATE task_runs SET state = ?, error = ?, finished = ? WHERE id = ?",
            (state, error, time.time(), task_run),
        )

    def pass_over(self, job_run: int, task: str, state: State) -> None:
        """Records a task that did not run."""
        self._database.execute(
            "INSERT INTO task_runs (job_run, task, attempt, state, started, finished)"
            " VALUES (?, ?, 0, ?, 0, 0)",
            (job_run, task, state),
        )

    def list_tasks(self, job_run: int) -> list[dict[str, Any]]:
        """The last record of each task, in the order in which they came."""
        query = (
            "SELECT task, state, error, child, started, finished FROM task_runs WHERE id IN"
            " (SELECT max(id) FROM task_runs WHERE job_run = ? GROUP BY task) ORDER BY id"
        )
        names = ("task", "state", "error", "child", "started", "finished")
        rows = self._database.execute(query, (job_run,)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def set_value(self, job_run: int, task: str, key: str, value: object) -> None:
        """Keeps a task value."""
        self._database.execute(
            "INSERT OR REPLACE INTO task_values VALUES (?, ?, ?, ?)",
            (job_run, task, key, json.dumps(value)),
        )

    def get_values(self, job_run: int) -> dict[tuple[str, str], Any]:
        """All task values of a run, by task and key."""
        query = "SELECT task, key, value FROM task_values WHERE job_run = ?"
        rows = self._database.execute(query, (job_run,)).fetchall()
        return {(task, key): json.loads(value) for task, key, value in rows}
