"""Where raw tables are another catalog's, a date keeps to the versions that it saw first."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.features.task import record_source_versions
from {{ cookiecutter.__package }}.platform.delta import append_new_rows
from {{ cookiecutter.__package }}.platform.progress import find_windows
from {{ cookiecutter.__package }}.platform.tables import WINDOWS
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.tables import RAW_TABLES, WEATHER

from ..test_settings import ARGUMENTS

OWN = Settings.from_arguments(ARGUMENTS)
# Reads what it does not own.
ELSEWHERE = [*ARGUMENTS, "--source=dev.raw", "--raw=dev.predictions"]
READER = Settings.from_arguments(ELSEWHERE)
LATER = Settings.from_arguments([*ELSEWHERE, "--as_of=2013-07-29"])


def find_versions(spark: SparkSession, settings: Settings) -> dict[str, int]:
    return {
        name: done.table_version for name, done in find_windows(spark, settings, RAW_TABLES).items()
    }


def test_a_source_that_grows_later_does_not_change_what_a_date_saw(
    lakehouse: SparkSession,
) -> None:
    for table in (*RAW_TABLES, WINDOWS):
        create_table(lakehouse, table, OWN)
    record_source_versions(lakehouse, READER)
    seen = find_versions(lakehouse, READER)
    assert set(seen) == {table.name for table in RAW_TABLES}
    measured = [1.0] * (len(WEATHER.columns) - 2)
    values = ("JFK", dt.datetime(2013, 6, 1, tzinfo=dt.UTC), *measured)
    row = lakehouse.createDataFrame([values], WEATHER.struct)
    append_new_rows(WEATHER.full_name(OWN), row, WEATHER.keys)
    record_source_versions(lakehouse, READER)
    assert find_versions(lakehouse, READER) == seen
    record_source_versions(lakehouse, LATER)
    assert find_versions(lakehouse, LATER)["weather"] > seen["weather"]
