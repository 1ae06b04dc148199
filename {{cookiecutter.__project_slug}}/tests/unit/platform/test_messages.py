"""What a task says of its progress is in the output of its run."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.platform.days import DAY
from {{ cookiecutter.__package }}.platform.messages import PACKAGE, show_messages
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.tables import RAW_TABLES

FIRST = PROBLEM.first_day.date()

# The entry point `mirroring` in a process of its own, where nobody has set up logging.
RUN = """
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

from bundlework.laptop.spark import build_session
from {{ cookiecutter.__package }}.platform.days import Day, record_days
from {{ cookiecutter.__package }}.platform.tables import RAW_DAYS
from {{ cookiecutter.__package }}.platform.workspace import Workspace, use
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.tables import RAW_TABLES
from tests.unit.test_settings import ARGUMENTS

spark = build_session(Path(sys.argv.pop()), ["dev"], serverless=True)
for schema in ("raw", "copies"):
    spark.sql(f"CREATE SCHEMA {schema}")
settings = Settings.from_arguments(ARGUMENTS)
for table in (RAW_TABLES[0], RAW_DAYS):
    create_table(spark, table, settings)
held = {PROBLEM.first_day.date(): Day(digest="0 rows")}
record_days(spark, RAW_DAYS.full_name(settings), {RAW_TABLES[0]: held})
secrets = SimpleNamespace(get=lambda scope, key: "0" * 64)
workspace = Workspace(spark, None, None, None, None, secrets, None)
(point,) = entry_points(group="console_scripts", name="mirroring")
with use(workspace):
    point.load()()
"""
ARGUMENTS = (
    "--as_of=2013-07-01",
    "--target=dev",
    "--mirrored=dev.raw",
    "--mirror=dev.copies",
    "--sample_fraction=1",
    "--secret_scope=scope",
)


def test_a_run_of_an_entry_point_shows_its_progress(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, *ARGUMENTS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = [line.split(" INFO ")[-1] for line in done.stdout.splitlines()]
    assert said == [
        "as of 2013-07-01, in dev",
        f"{RAW_TABLES[0].name} mirrored, {FIRST} to {FIRST + DAY}",
    ]


def test_what_is_shown_already_is_not_shown_twice(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger(f"{PACKAGE}.stage")
    with caplog.at_level(logging.INFO), show_messages():
        log.info("as on a laptop")
    assert caplog.messages == ["as on a laptop"]
    assert capsys.readouterr().out == ""
    with show_messages():
        log.info("in a workspace")
    log.info("after the task")
    assert capsys.readouterr().out.split(" INFO ")[1] == "in a workspace\n"
