"""The integration test's job, played from the bundle's own graph in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from {{ cookiecutter.__package }} import tables
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.tables import Table
from local.bundle import Bundle, load_bundle
from local.graph import State
from local.runner import Runner

ROOT = Path(__file__).parents[2]
AS_OF = "2013-04-01"


@dataclass
class Lifecycle:
    """The lifecycle on three months of data, in a folder of its own."""

    workspace: Any
    settings: ValidationSettings
    make_runner: Callable[[Bundle], Runner]

    def read(self, table: Table) -> pd.DataFrame:
        return self.workspace.spark.table(table.full_name(self.settings)).toPandas()

    def play(self) -> State:
        return self.make_runner(load_bundle(ROOT)).run("integration_test", {"as_of": AS_OF}).state

    def mirror(self, variables: dict[str, str]) -> dict[str, pd.DataFrame]:
        """What the job mirror makes of the raw tables."""
        bundle = load_bundle(ROOT, None, variables)
        runner = self.make_runner(bundle)
        assert runner.run("mirror", {"as_of": AS_OF}).state is State.SUCCESS
        schema = bundle.config["resources"]["schemas"]["mirror"]["id"]
        frames = {t: self.workspace.spark.table(f"{schema}.{t.name}") for t in tables.RAW_TABLES}
        return {t.name: f.orderBy(*t.keys).toPandas() for t, f in frames.items()}

    def digest(self, table: Table) -> tuple[int, int]:
        rows = self.workspace.spark.table(table.full_name(self.settings))
        hashed = rows.select(F.xxhash64(*rows.columns).cast("decimal(38)").alias("hash"))
        row = hashed.agg(F.count("hash"), F.sum("hash")).collect()[0]
        return row[0], row[1]
