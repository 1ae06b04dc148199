"""Shows a run to a person: a live tree on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bundlework.bundle.graph import State
from bundlework.output import make_harmless

STYLES = {
    State.SUCCESS: ("✓", "green"),
    State.SUCCESS_WITH_FAILURES: ("✓", "yellow"),
    State.FAILED: ("✗", "red"),
    State.TIMED_OUT: ("✗", "red"),
    State.UPSTREAM_FAILED: ("✗", "red"),
    State.EXCLUDED: ("-", "dim"),
    State.RUNNING: ("●", "yellow"),
}


@contextmanager
def redirect_noise(log_file: Path) -> Iterator[Console]:
    """Sends what libraries and the JVM print to `log_file`; yields a console that still shows."""
    sys.stdout.flush()
    shown = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    former = os.dup(1), os.dup(2)
    with log_file.open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        _log_to(log_file)
        try:
            yield Console(file=make_harmless(shown), highlight=False, soft_wrap=True)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(former[0], 1)
            os.dup2(former[1], 2)
            shown.close()


def _log_to(log_file: Path) -> None:
    handler = logging.FileHandler(log_file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    warnings.simplefilter("default")


class PlainDisplay(logging.Handler):
    """One line when a task begins and one when it ends."""

    def __init__(self, console: Console, package: str) -> None:
        super().__init__()
        self.addFilter(logging.Filter(package))
        self._console = console
        self._since: dict[tuple[int, str, str], float] = {}

    def __enter__(self) -> PlainDisplay:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Shows nothing: the log file has the messages of tasks."""

    def task_started(self, depth: int, job: str, task: str) -> None:
        """See `Listens`."""
        self._since[depth, job, task] = time.monotonic()
        self._console.print(f"{'  ' * depth}… {job} / {task}")

    def task_finished(self, depth: int, job: str, task: str, state: State, error: str) -> None:
        """See `Listens`."""
        seconds = self._measure(depth, job, task)
        text = f"{'  ' * depth}{STYLES[state][0]} {job} / {task}  {state}  {seconds}"
        self._console.print(text.rstrip(), markup=False)
        if error:
            self._console.print(f"{'  ' * depth}    {error}", markup=False)

    def _measure(self, depth: int, job: str, task: str) -> str:
        since = self._since.get((depth, job, task))
        return f"{time.monotonic() - since:.1f} s" if since else ""


class LiveDisplay(PlainDisplay):
    """A table of jobs and tasks that is redrawn while they run."""

    def __init__(self, console: Console, package: str) -> None:
        super().__init__(console, package)
        self._lines: dict[tuple[int, str, str], tuple[State, str, str]] = {}
        self._doing = ""
        self._live = Live(
            console=console, get_renderable=self.draw, refresh_per_second=4, transient=False
        )

    def __enter__(self) -> LiveDisplay:
        super().__enter__()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        super().__exit__()

    def emit(self, record: logging.LogRecord) -> None:
        """Shows the last message of the package's own code."""
        self._doing = record.getMessage()

    def task_started(self, depth: int, job: str, task: str) -> None:
        """See `Listens`."""
        self._doing = ""
        self._since[depth, job, task] = time.monotonic()
        self._lines[depth, job, task] = (State.RUNNING, "", "")

    def task_finished(self, depth: int, job: str, task: str, state: State, error: str) -> None:
        """See `Listens`."""
        self._lines[depth, job, task] = (state, self._measure(depth, job, task), error)

    def draw(self) -> Table:
        """The table as it stands now."""
        table = Table.grid(padding=(0, 2))
        running = [key for key, (state, _, _) in self._lines.items() if state is State.RUNNING]
        for key, (state, seconds, error) in self._lines.items():
            depth, job, task = key
            sign, style = STYLES[state]
            detail = self._doing if key in running[-1:] else error
            name = f"{'  ' * depth}[{style}]{sign}[/] {task if depth == 0 else f'{job} / {task}'}"
            table.add_row(name, seconds or self._measure(*key), Text(detail, style="dim"))
        return table


def open_display(console: Console, package: str) -> PlainDisplay:
    """The display that fits the console."""
    return (LiveDisplay if console.is_terminal else PlainDisplay)(console, package)
