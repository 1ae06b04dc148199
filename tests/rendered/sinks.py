"""Hands predictions on as the page `sinks` declares, in a process of its own.

Usage: `sinks.py COMPUTE SERVERS PORT FOLDER` prints, as JSON, what readers of the sinks find after
each step, and what is in force. COMPUTE is serverless or classic; SERVERS is a Kafka broker, PORT
that of a PostgreSQL.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rendered import TEMPLATE, copy_project
from tests.unit.toy_predictions import OWN, prediction, promote, write

from flight_delays.inference.tables import PREDICTIONS
from flight_delays.inference.views import PREDICTIONS_IN_FORCE
from flight_delays.platform.workspace import Workspace
from flight_delays.registry.tables import PROMOTIONS
from flight_delays.settings import SinkSettings
from flight_delays.setup.creation import create_table
from flight_delays.sinks import kafka
from flight_delays.sinks.base import SinkError
from flight_delays.sinks.tables import SINK_BATCHES
from flight_delays.sinks.task import hand_on

from bundlework.bundle.loading import load_bundle
from bundlework.laptop.workspace import open_workspace

USER, PAGE = "shop", TEMPLATE / "docs/how-to/sinks.md"
# Parts of the page, and what takes their place on this machine.
HERE = (
    # Files need no server: the project's own tests have them.
    ("        - name: archive\n          kind: files\n          format: parquet\n", ""),
    ("planning.servicebus.windows.net:9093", "{servers}"),
    ("          login: planning/kafka\n", ""),
    ("planning.postgres.database.azure.com:5432/planning?sslmode=require", "127.0.0.1:{port}/shop"),
)
AWAY = "127.0.0.1:1"
# Kafka is played by Connect, as on serverless compute; classic compute has the database to itself.
EVENTS = re.compile(r" {8}- name: events\n(?: {10}.*\n)+")


def read_page(servers: str, port: int) -> str:
    """The declaration of the page, with servers of this machine."""
    (text,) = re.findall(r"sinks: \|\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for there, here in HERE:
        assert there in text
        text = text.replace(there, here.format(servers=servers, port=port))
    return str(text)


def declare_jars(project: Path) -> None:
    """Declares what Spark needs on a laptop, as the page tells."""
    told = " ".join(PAGE.read_text().split())
    jars = ", ".join(re.findall(r"jars = \[(.*?)\]", told))
    settings = project / "pyproject.toml"
    changed, count = re.subn(r"(?m)^jars = \[\]", f"jars = [{jars}]", settings.read_text())
    assert count == 1
    settings.write_text(changed)


def read_queue(spark: SparkSession, servers: str) -> dict[str, Any]:
    """The last message of each key; None is a tombstone."""
    options = {"kafka.bootstrap.servers": servers, "subscribe": "predictions"}
    rows = spark.read.format("kafka").options(**options).load().orderBy("offset")
    texts = rows.select(F.col("key").cast("string"), F.col("value").cast("string")).collect()
    told = {name_key(json.loads(row.key)): row.value for row in texts}
    return {key: value and json.loads(value)["model_version"] for key, value in told.items()}


def name_key(row: dict[str, Any]) -> str:
    """The key that the tests give: the same text in each column of the key."""
    return str(next(iter(row.values())))


def read_table(port: int) -> dict[str, Any]:
    """The version of each row; an error where there is a table but of the predictions."""
    with psycopg.connect(f"postgresql://127.0.0.1:{port}/shop", user=USER) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert names.fetchall() == [("predictions",)]
        found = connection.execute("SELECT flight_id, model_version FROM predictions").fetchall()
    assert len(dict(found)) == len(found)
    return dict(found)


def read_in_force(workspace: Workspace, settings: SinkSettings) -> dict[str, Any]:
    """The version of each prediction in force."""
    rows = workspace.spark.sql(PREDICTIONS_IN_FORCE.query(settings)).collect()
    return {row[0]: row.model_version for row in rows}


@dataclass
class Story:
    """Days of sinks and their readers.

    Attributes:
        read: Reads what the readers of a sink find, by sink.
        found: The answers of the readers, one for each time that somebody looked.
        said: The errors of the runs that left a sink out.
    """

    workspace: Workspace
    settings: SinkSettings
    read: dict[str, Callable[[], Any]]
    found: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def make_tables(self) -> None:
        """Makes the tables that the job needs."""
        for schema in ("models", "predictions"):
            self.workspace.spark.sql(f"CREATE SCHEMA dev.{schema}")
        for table in (PROMOTIONS, PREDICTIONS, SINK_BATCHES):
            create_table(self.workspace.spark, table, self.settings)

    def run(self, *, is_away: bool = False) -> None:
        """Runs the task, while all servers are there or while they are away."""
        sinks = self.settings.sinks
        text = re.sub(r"127\.0\.0\.1:\d+", AWAY, sinks) if is_away else sinks
        try:
            hand_on(self.workspace, self.settings.model_copy(update={"sinks": text}))
        except SinkError as error:
            self.said.append(str(error))

    def look(self) -> None:
        """Reads what readers find, and what is in force."""
        told = {name: read() for name, read in self.read.items()}
        in_force = read_in_force(self.workspace, self.settings)
        self.found.append({**told, "in force": in_force})

    def forget_end(self, number: int) -> None:
        """Leaves a batch as a run that is killed does: written, and not recorded as done."""
        record = SINK_BATCHES.full_name(self.settings)
        where = f"state = 'done' AND number = {number}"
        self.workspace.spark.sql(f"DELETE FROM {record} WHERE {where}")


def play(story: Story) -> None:
    """Hands on, while sinks are away, after a rollback, and once again."""
    workspace = story.workspace
    story.make_tables()
    promote(workspace, 1, "2013-06-01")
    write(workspace, PREDICTIONS, prediction("a", 30, 1, 0, 1), prediction("b", 3, 1, 0, 0))
    story.run()
    story.look()
    promote(workspace, 2, "2013-06-08")
    write(workspace, PREDICTIONS, prediction("a", 30, 2, 1, 0), prediction("c", 9, 2, 1, 0))
    story.run(is_away=True)
    promote(workspace, 1, "2013-06-08", number=3, kind="rollback", former=2)
    write(workspace, PREDICTIONS, prediction("d", 12, 1, 2, 0))
    story.run()
    story.look()
    story.forget_end(3)
    story.run()
    story.look()


def main() -> None:
    """Plays in a project and a workspace below a folder."""
    compute, servers, port, folder = *sys.argv[1:3], int(sys.argv[3]), Path(sys.argv[4])
    # A broker on this machine answers at once, or never.
    kafka.MILLISECONDS = 2_000
    project, state = copy_project(folder / "project", compute), folder / "workspace"
    declare_jars(project)
    for name, text in (("user", USER), ("password", "any")):
        (state / "secrets/planning").mkdir(parents=True, exist_ok=True)
        (state / "secrets/planning" / name).write_text(text)
    bundle = load_bundle(project)
    with closing(open_workspace(bundle, state)) as opened, opened.guard():
        workspace = opened.bind(bundle.contract.workspace, None)
        text = read_page(servers, port)
        if compute == "classic":
            text, count = EVENTS.subn("", text)
            assert count == 1
            read: dict[str, Callable[[], Any]] = {"planning": lambda: read_table(port)}
        else:
            read = {"events": lambda: read_queue(workspace.spark, servers)}
        settings = SinkSettings.from_arguments([*OWN, "--source=dev.raw", f"--sinks={text}"])
        story = Story(workspace, settings, read)
        play(story)
        print(json.dumps({"found": story.found, "said": story.said}))


if __name__ == "__main__":
    main()
