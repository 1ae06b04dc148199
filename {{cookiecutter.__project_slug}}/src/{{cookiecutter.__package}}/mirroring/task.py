"""The task `mirror`: production's raw tables, redacted and sampled, in a schema of development."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ..platform import delta
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import MirrorSettings
from ..setup.creation import create_table
from ..use_case.problem import FIRST_DAY
from ..use_case.tables import RAW_TABLES
from .redaction import redact_rows, sample_rows

log = logging.getLogger(__name__)

KEY_NAME = "redaction_key"


def mirror(workspace: Workspace, settings: MirrorSettings) -> None:
    """Copies the rows added since the last copy, up to `as_of`; a repetition changes nothing."""
    key = workspace.secrets.get(settings.secret_scope, KEY_NAME)
    for table in RAW_TABLES:
        mirror_table(workspace.spark, table, settings, key)


def mirror_table(spark: SparkSession, table: Table, settings: MirrorSettings, key: str) -> None:
    """Appends a table's new rows to its copy."""
    copy = replace(table, schema="mirror")
    create_table(spark, copy, settings)
    window = Window(find_last_time(spark, copy, settings), settings.cutoff)
    original = window.select(spark.table(f"{settings.mirrored}.{table.name}"), table.time)
    rows = redact_rows(sample_rows(original, settings.sample_fraction), table, key)
    within = window.contains(f"{copy.name}.{copy.time}")
    delta.append_new_rows(copy.full_name(settings), rows, copy.keys, within)
    log.info("%s mirrored, %s", table.name, window)


def find_last_time(spark: SparkSession, copy: Table, settings: MirrorSettings) -> dt.datetime:
    """Finds the time of the last copied row; the next copy compares rows of that time again."""
    last = spark.table(copy.full_name(settings)).agg(F.max(copy.time)).collect()[0][0]
    return last.astimezone(dt.UTC) if last else FIRST_DAY
