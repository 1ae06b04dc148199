"""Kills runs of the job `sinks` while they write, runs again, and compares what readers find.

Called in the folder of a rendered project: `python -m tests.rendered.sink_kills [KILLS]`. Each run
is a process of its own, on classic compute, which has all kinds of sinks: files, a real Kafka
broker and a real PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rendered import copy_project
from tests.unit.toy_predictions import CUTOFF, OWN, promote
from tests.unit.toys import KEY

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.inference.views import PREDICTIONS_IN_FORCE
from flight_delays.platform import delta
from flight_delays.platform.workspace import Workspace
from flight_delays.registry.tables import PROMOTIONS
from flight_delays.settings import SinkSettings
from flight_delays.setup.creation import create_table
from flight_delays.sinks.tables import SINK_BATCHES
from flight_delays.sinks.task import hand_on
from flight_delays.use_case.problem import PROBLEM

from bundlework.bundle.loading import load_bundle
from bundlework.laptop.catalogs import hash_rows
from bundlework.laptop.workspace import LocalWorkspace

from .kafka import start_kafka
from .postgres import USER, start_postgres
from .sinks import declare_jars

ROWS = 60_000
# Says that a process has opened its workspace and goes to work.
READY = "READY"
SINKS = """
- {{name: archive, kind: files, format: parquet}}
- {{name: lines, kind: files, format: json}}
- {{name: events, kind: kafka, servers: '{servers}', topic: {name}}}
- name: planning
  kind: postgresql
  address: postgresql://127.0.0.1:{port}/shop
  table: {name}
  user: planning/user
  password: planning/password
"""


def score(workspace: Workspace, settings: SinkSettings, version: int, begin: int) -> None:
    """Appends predictions of many examples by a version; a repetition appends none."""
    spark, own = workspace.spark, {name: F.lit(None) for name in PREDICTIONS.column_names}
    name = F.concat(F.lit("example "), F.col("id"))
    at = F.lit(CUTOFF) + F.make_dt_interval(F.lit(0), F.col("id") % 24)
    told = dict.fromkeys(KEY, name) | {
        PROBLEM.event_time: at,
        "model_version": F.lit(version),
        "as_of": F.lit(settings.as_of),
        "days_ahead": F.lit(0),
        "score": F.col("id") / ROWS / 2,
    }
    columns = [
        (own | told)[field.name].cast(field.dataType).alias(field.name)
        for field in PREDICTIONS.struct
    ]
    rows = spark.range(begin, begin + ROWS).select(*columns)
    delta.append_new_rows(PREDICTIONS.full_name(settings), rows, PREDICTIONS.keys)


def begin(workspace: Workspace, settings: SinkSettings) -> None:
    """Makes tables, and the first predictions."""
    for table in (PROMOTIONS, PREDICTIONS, SINK_BATCHES):
        create_table(workspace.spark, table, settings)
    promote(workspace, 1, "2013-06-01")
    score(workspace, settings, 1, 0)


def run(workspace: Workspace, settings: SinkSettings) -> None:
    """Hands on, also after another version has scored and after it was rolled back from."""
    steps = workspace.spark.table(PROMOTIONS.full_name(settings))
    for number in (1, 2, 3):
        if steps.where(F.col("number") == number).isEmpty():
            kind = {"kind": "rollback", "former": 2} if number == 3 else {}
            promote(workspace, 1 if number == 3 else 2, "2013-06-08", number=number, **kind)
        if number == 2:
            score(workspace, settings, 2, ROWS // 2)
        hand_on(workspace, settings)


def look(workspace: Workspace, settings: SinkSettings) -> None:
    """Prints what readers find, and what is in force, as numbers of rows and hashes."""
    spark = workspace.spark
    in_force = spark.sql(PREDICTIONS_IN_FORCE.query(settings)).select(KEY[0], "model_version")
    outbox = workspace.volumes.joinpath(*settings.predictions.split("."), "outbox")
    found = {
        "in force": in_force,
        "archive": read_files(spark, outbox / "archive", "parquet"),
        "lines": read_files(spark, outbox / "lines", "json"),
        "events": read_topic(spark),
        "planning": spark.createDataFrame(read_table(), in_force.schema),
    }
    print(json.dumps({name: hash_rows(frame) for name, frame in found.items()}))


def read_files(spark: SparkSession, folder: Path, kind: str) -> DataFrame:
    """Reads what a reader of all folders takes for the present state."""
    rows = spark.read.format(kind).load(f"{folder}/*")
    number = F.element_at(F.split(F.input_file_name(), "/"), -2)
    return keep_last(rows.withColumn("number", number), "number", F.col("is_removed"))


def read_topic(spark: SparkSession) -> DataFrame:
    """Reads what a reader of the topic takes for the present state."""
    options = {"kafka.bootstrap.servers": os.environ["SERVERS"], "subscribe": os.environ["NAME"]}
    messages = spark.read.format("kafka").options(**options).load()
    key = F.from_json(F.col("key").cast("string"), f"{KEY[0]} string")[KEY[0]]
    version = F.from_json(F.col("value").cast("string"), "model_version int").model_version
    told = messages.select(key.alias(KEY[0]), version.alias("model_version"), "offset")
    return keep_last(told, "offset", F.isnull("model_version"))


def read_table() -> list[tuple[Any, ...]]:
    """Reads the table of PostgreSQL."""
    address = f"postgresql://127.0.0.1:{os.environ['PORT']}/shop"
    columns = sql.SQL(", ").join(map(sql.Identifier, (KEY[0], "model_version")))
    query = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(os.environ["NAME"]))
    with psycopg.connect(address, user=USER) as connection:
        return connection.execute(query).fetchall()


def keep_last(rows: DataFrame, order: str, is_removed: Any) -> DataFrame:
    """Keeps the last row of each example, where that row does not take the example back."""
    last = rows.withColumn("gone", is_removed).groupBy(KEY[0])
    row = F.max_by(F.struct("model_version", "gone"), order).alias("row")
    version = F.col("row.model_version").cast("int").alias("model_version")
    return last.agg(row).where("NOT row.gone").select(KEY[0], version)


def work(action: str, project: Path, state: Path) -> None:
    """Does one of the three in this process."""
    for name, text in (("user", USER), ("password", "any")):
        (state / "secrets/planning").mkdir(parents=True, exist_ok=True)
        (state / "secrets/planning" / name).write_text(text)
    bundle = load_bundle(project)
    servers, name, port = (os.environ[part] for part in ("SERVERS", "NAME", "PORT"))
    text = SINKS.format(servers=servers, name=name, port=port)
    settings = SinkSettings.from_arguments([*OWN, "--source=dev.raw", f"--sinks={text}"])
    schemas, jars = ("dev.models", "dev.predictions"), bundle.contract.jars
    with closing(LocalWorkspace(state, schemas, serverless=False, jars=jars)) as opened:
        workspace = opened.bind(bundle.contract.workspace, None)
        print(READY, flush=True)
        {"begin": begin, "run": run, "look": look}[action](workspace, settings)


def start(action: str, project: Path, state: Path, name: str) -> subprocess.Popen[str]:
    """Starts a process that does one of the three, and waits until it goes to work."""
    command = [sys.executable, "-m", "tests.rendered.sink_kills", action, str(project), str(state)]
    environment, log = {**os.environ, "NAME": name}, project.parent / "log"
    with log.open("w") as file:
        running = subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=file,
        )
    assert running.stdout
    while READY not in (line := running.stdout.readline()):
        assert line, log.read_text()
    return running


def finish(action: str, project: Path, state: Path, name: str) -> tuple[float, str]:
    """Runs to the end; the seconds of its work, and the last line that it printed."""
    running = start(action, project, state, name)
    began = time.monotonic()
    said, _ = running.communicate()
    assert running.returncode == 0, (project.parent / "log").read_text()
    return time.monotonic() - began, said.strip().splitlines()[-1] if said.strip() else ""


def drill(kills: int, folder: Path) -> int:
    """Prints each kill and the sinks that differ from what is in force; returns how many do."""
    project, begun, differences = copy_project(folder / "project", "classic"), folder / "begun", 0
    declare_jars(project)
    finish("begin", project, begun, "none")
    shutil.copytree(begun, folder / "undisturbed")
    seconds, _ = finish("run", project, folder / "undisturbed", "undisturbed")
    print(f"undisturbed: {seconds:.0f} s", flush=True)
    chance = random.Random(19)
    for kill in range(kills):
        state, name = folder / f"kill_{kill}", f"kill_{kill}"
        shutil.copytree(begun, state)
        running, moment = start("run", project, state, name), chance.uniform(0, 0.95) * seconds
        time.sleep(moment)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        finish("run", project, state, name)
        found = json.loads(finish("look", project, state, name)[1])
        wrong = [sink for sink, rows in found.items() if rows != found["in force"]]
        differences += bool(wrong)
        print(f"killed after {moment:.1f} s: {', '.join(wrong) or 'equal'}", flush=True)
        shutil.rmtree(state, ignore_errors=True)
    return differences


def main() -> int:
    """Prints the figures; the number of differences is the exit code."""
    if sys.argv[1:2] and sys.argv[1] in ("begin", "run", "look"):
        work(sys.argv[1], *map(Path, sys.argv[2:]))
        return 0
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with start_kafka() as servers, start_postgres() as port:
        os.environ |= {"SERVERS": servers, "PORT": str(port)}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            differences = drill(kills, Path(folder))
    print(f"sinks: {kills} kills, {differences} differences")
    return differences


if __name__ == "__main__":
    sys.exit(main())
