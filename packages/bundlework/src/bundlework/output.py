"""Keeps others' words from commanding: names and errors come from whoever writes to a workspace."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

# Azure's agent obeys `##vso[...]` wherever a line has it, and formats lines by `##[...]`.
COMMAND = re.compile(r"##(?=(vso)?\[)", re.IGNORECASE)


class _Harmless:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Writes a text, with a blank inside each command."""
        return self.stream.write(COMMAND.sub("# #", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def make_harmless(stream: TextIO) -> TextIO:
    """The stream, in which no text is a command to Azure's agent."""
    return cast(TextIO, _Harmless(stream))


@contextmanager
def keep_harmless() -> Iterator[None]:
    """Lets no text that is printed meanwhile be a command."""
    out, err = make_harmless(sys.stdout), make_harmless(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        yield


def tell_agent(command: str) -> None:
    """Prints a command of this program's own to Azure's agent."""
    print(command, file=getattr(sys.stdout, "stream", sys.stdout), flush=True)
