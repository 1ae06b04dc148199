"""The real code of ingestion and features on two tiny tables, with sources that a test fills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flight_delays.features import currency, rows
from flight_delays.features import task as features_task
from flight_delays.features.currency import read_current
from flight_delays.features.task import compute_features
from flight_delays.ingestion import task as ingestion_task
from flight_delays.ingestion.tables import DELIVERIES, QUARANTINE
from flight_delays.ingestion.task import ingest
from flight_delays.platform import delta
from flight_delays.platform.parallel import do_in_parallel
from flight_delays.platform.sources import Context, Source
from flight_delays.platform.tables import FEATURE_DAYS, RAW_DAYS
from flight_delays.platform.vocabulary import Column, FeatureTable, Table
from flight_delays.platform.windows import Window
from flight_delays.settings import Settings
from flight_delays.setup.creation import create_feature_table, create_table
from flight_delays.use_case.features.origin_delays import compute_origin_delays
from flight_delays.use_case.problem import PROBLEM
from flight_delays.use_case.tables import DELAYS_LOOKBACK

from bundlework.laptop.workspace import LocalWorkspace

from .oracle import AHEAD, KINDS, LEAST_ROWS, LOOKBACK_DAYS, Code, Fact, Row

HOUR = dt.timedelta(hours=1)
EVENT_TIME = PROBLEM.event_time
RAW_SCHEMAS = {"dev": "dev.raw", "prod": "prod.prod_raw"}
SCHEMAS = (*RAW_SCHEMAS.values(), "dev.features", "dev.models", "dev.predictions", "dev.monitoring")
WRITES = ("append_new_rows", "upsert_rows", "replace_rows", "delete_other_rows", "delete_rows")

VISITS = Table(
    "raw",
    "visits",
    "Visits.",
    (
        Column("flight_id", "string", ""),
        Column("known_at", "timestamp", "UTC"),
        Column("scheduled_departure", "timestamp", "UTC"),
        Column("x", "double", ""),
        Column("y", "double", ""),
    ),
    ("flight_id",),
    "known_at",
    owner="nobody",
    lookback_days=LOOKBACK_DAYS["visits"],
    least_rows=LEAST_ROWS["visits"],
)
REPORTS = Table(
    "raw",
    "reports",
    "Reports.",
    (
        Column("flight_id", "string", ""),
        Column("known_at", "timestamp", "UTC"),
        Column("origin", "string", ""),
        Column("arrival_delay", "double", ""),
    ),
    ("flight_id", "known_at"),
    "known_at",
    owner="nobody",
    lookback_days=LOOKBACK_DAYS["reports"],
    least_rows=LEAST_ROWS["reports"],
)
RAW_TABLES = (VISITS, REPORTS)
FILLED = (*RAW_TABLES, RAW_DAYS, QUARANTINE, DELIVERIES)


def double(visits: DataFrame, window: Window) -> DataFrame:
    """The code of release A."""
    return window.select(visits.withColumn("value", F.col("x") * 2), VISITS.time)


def treble_the_large(visits: DataFrame, window: Window) -> DataFrame:
    """The code of release B: other values, and fewer keys."""
    return window.select(visits.where("x > 1").withColumn("value", F.col("x") * 3), VISITS.time)


CODES: dict[Code, Callable[[DataFrame, Window], DataFrame]] = {"A": double, "B": treble_the_large}
DOUBLED = FeatureTable(
    "features",
    "doubled",
    "Visits, doubled.",
    (*VISITS.columns[:2], Column("value", "double", "")),
    ("flight_id", "known_at"),
    "known_at",
    source=VISITS,
    lookback=dt.timedelta(0),
    optional=True,
    compute=double,
)
LANDED = [Column(f"origin_landed_{hours}h", "double", "") for hours in (3, 24)]
DELAYS = FeatureTable(
    "features",
    "delays",
    "Landings by origin.",
    (Column("origin", "string", ""), Column("known_at", "timestamp", "UTC"), *LANDED),
    ("origin", "known_at"),
    "known_at",
    source=REPORTS,
    lookback=DELAYS_LOOKBACK,
    compute=compute_origin_delays,
)
FEATURE_TABLES = (DOUBLED, DELAYS)


def list_told(table: Table) -> list[str]:
    """The columns that a fact of the oracle has; other times follow from them."""
    times = {EVENT_TIME, table.row_time if isinstance(table, FeatureTable) else ""}
    return [name for name in table.column_names if name not in times]


class Killed(Exception):
    """The process ended here."""


class Lake:
    """Two catalogs with raw tables, and features of one of them."""

    def __init__(self, local: LocalWorkspace) -> None:
        values = SimpleNamespace(set=lambda *_: None)
        self.workspace = local.bind("flight_delays.platform.workspace", values)
        self.spark, self.client = self.workspace.spark, self.workspace.features
        self.arrived: list[Fact] = []
        self.source, self.code = "dev", "A"
        places = [(table, catalog) for catalog in RAW_SCHEMAS for table in FILLED]
        places.append((FEATURE_DAYS, "dev"))
        do_in_parallel(
            lambda place: create_table(self.spark, place[0], self.settings(1, place[1])), places
        )
        for table in FEATURE_TABLES:
            create_feature_table(self.spark, self.client, table, self.settings(1))

    def settings(self, as_of: int, catalog: str = "dev") -> Settings:
        """Settings of a run: of the development target, or of one that fills another catalog."""
        own = RAW_SCHEMAS[catalog]
        return Settings(
            as_of=(PROBLEM.first_day + as_of * 24 * HOUR).date(),
            target="dev",
            source=own,
            raw=own,
            features="dev.features",
            models="dev.models",
            predictions="dev.predictions",
            monitoring="dev.monitoring",
            model_name="dev.models.model",
            experiment="/runs",
        )

    def reading(self, as_of: int) -> Settings:
        """Settings of a run that reads the source in use."""
        return self.settings(as_of).model_copy(update={"source": RAW_SCHEMAS[self.source]})

    def ingest(self, catalog: str, as_of: int) -> None:
        """Runs the task `ingestion` of a catalog's own target."""
        with self.deployed():
            ingest(self.workspace, self.settings(as_of, catalog))

    def compute_features(self, as_of: int) -> None:
        """Runs the task `features`."""
        with self.deployed():
            compute_features(self.workspace, self.reading(as_of))

    def read_current(self, as_of: int) -> None:
        """Asks for current features, as training does."""
        with self.deployed():
            settings = self.reading(as_of)
            read_current(self.spark, settings, settings.as_of)

    @property
    def feature_tables(self) -> tuple[FeatureTable, ...]:
        """The feature tables, as the release in use declares them."""
        return replace(DOUBLED, compute=CODES[self.code]), DELAYS

    @contextmanager
    def deployed(self) -> Iterator[None]:
        """The tiny use case in place of the project's, with the release in use."""
        features = self.feature_tables
        sources = {table.name: self.deliver(table) for table in RAW_TABLES}
        with (
            patch.multiple(ingestion_task, RAW_TABLES=RAW_TABLES, SOURCES=sources),
            patch.multiple(currency, RAW_TABLES=RAW_TABLES, FEATURE_TABLES=features),
            patch.object(features_task, "FEATURE_TABLES", features),
            # Code outside of the package cannot be followed.
            patch.object(rows, "fingerprint", lambda compute, *_: compute.__qualname__),
        ):
            yield

    def deliver(self, table: Table) -> Source:
        """A source that delivers what has arrived by now."""

        def deliver(_: Context, window: Window) -> pd.DataFrame:
            facts = [fact for fact in self.arrived if isinstance(fact, KINDS[table.name])]
            frame = pd.DataFrame(facts, columns=list_told(table))
            at = frame[table.time].astype(float)
            frame[table.time] = pd.Timestamp(PROBLEM.first_day) + pd.to_timedelta(at, unit="h")
            if table is VISITS:
                frame[EVENT_TIME] = frame[table.time] + AHEAD * HOUR
            inside = (frame[table.time] >= window.start) & (frame[table.time] < window.end)
            return frame[inside]

        return deliver

    @contextmanager
    def killed_at(self, number: int) -> Iterator[list[tuple[str, str]]]:
        """Ends the block at a write, before that write; yields the writes that were done.

        Raises:
            Killed: The block came to that write.
        """
        done: list[tuple[str, str]] = []

        def watch(name: str, write: Callable[..., None]) -> Callable[..., None]:
            def write_or_end(*arguments: Any, **named: Any) -> None:
                if len(done) >= number:
                    raise Killed
                done.append((name, arguments[0] if arguments else named["name"]))
                write(*arguments, **named)

            return write_or_end

        watched = {name: watch(name, getattr(delta, name)) for name in WRITES}
        client = {"write_table": watch("write_table", self.client.write_table)}
        with patch.multiple(delta, **watched), patch.multiple(self.client, **client):
            yield done

    def list_raw(self, catalog: str, table: Table) -> list[Row]:
        """The rows of a raw table."""
        return self.list_rows(f"{RAW_SCHEMAS[catalog]}.{table.name}", table)

    def list_features(self, table: FeatureTable) -> list[Row]:
        """The rows of a feature table, without the time that each row repeats.

        Raises:
            AssertionError: A row repeats another time than its own.
        """
        name = f"dev.features.{table.name}"
        other = self.spark.table(name).where(~F.col(table.row_time).eqNullSafe(F.col(table.time)))
        assert other.isEmpty(), f"{name}: {table.row_time} is not {table.time}"
        return self.list_rows(name, table)

    def list_rows(self, name: str, table: Table) -> list[Row]:
        """The rows of a table, with times as hours after the first day."""
        hours = (
            F.unix_micros(table.time) - F.lit(round(PROBLEM.first_day.timestamp() * 1e6))
        ) / 3.6e9
        frame = self.spark.table(name).withColumn(table.time, hours)
        return [tuple(row) for row in frame.select(*list_told(table)).collect()]

    def list_tables(self) -> list[str]:
        """The full names of all tables."""
        raw = [f"{schema}.{table.name}" for schema in RAW_SCHEMAS.values() for table in FILLED]
        features = [f"dev.features.{table.name}" for table in (*FEATURE_TABLES, FEATURE_DAYS)]
        return raw + features

    def empty(self) -> None:
        """Removes all rows."""
        do_in_parallel(lambda name: self.spark.sql(f"DELETE FROM {name}"), self.list_tables())
        self.arrived, self.source, self.code = [], "dev", "A"
