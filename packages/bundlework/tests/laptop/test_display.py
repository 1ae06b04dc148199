"""The display says what happens, whatever the messages contain."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from bundlework.bundle.graph import State
from bundlework.laptop.display import LiveDisplay, PlainDisplay


def play(display: PlainDisplay) -> None:
    with display:
        display.task_started(0, "lifecycle", "setup")
        display.task_started(1, "setup", "create_tables")
        logging.getLogger("shop.setup").warning("table [orders]")
        display.task_finished(1, "setup", "create_tables", State.FAILED, "column [x] is missing")
        display.task_finished(0, "lifecycle", "setup", State.FAILED, "")


@pytest.mark.parametrize("kind", [LiveDisplay, PlainDisplay])
def test_a_failure_is_shown_in_its_own_words(kind: type[PlainDisplay]) -> None:
    shown = io.StringIO()
    play(kind(Console(file=shown, force_terminal=kind is LiveDisplay, width=100), "shop"))
    assert "create_tables" in shown.getvalue()
    assert "column [x] is missing" in shown.getvalue()


def test_the_live_display_says_what_the_running_task_does() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with LiveDisplay(console, "shop") as display:
        display.task_started(0, "lifecycle", "setup")
        display.task_started(1, "setup", "create_tables")
        logging.getLogger("shop.setup").warning("table [orders]")
        logging.getLogger("noise").warning("not this")
        with console.capture() as captured:
            console.print(display.draw())
    lines = captured.get().splitlines()
    assert "table [orders]" in lines[1]
    assert "table [orders]" not in lines[0]
    assert "not this" not in captured.get()
