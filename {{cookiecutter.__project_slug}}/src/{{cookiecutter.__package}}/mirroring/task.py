"""The task `mirror`: production's raw tables, redacted and sampled, in a schema of development."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace

from pyspark.sql import SparkSession

from ..platform import delta
from ..platform.days import (
    Days,
    forget_days,
    join_days,
    list_days,
    read_days,
    record_days,
    summarise_days,
)
from ..platform.fingerprint import digest_facts, fingerprint
from ..platform.tables import RAW_DAYS
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import MirrorSettings
from ..setup.creation import create_table
from ..use_case.problem import PROBLEM
from ..use_case.tables import RAW_TABLES
from .redaction import redact_rows, sample_rows

log = logging.getLogger(__name__)

KEY_NAME = "redaction_key"
RECORD = replace(RAW_DAYS, schema="mirror")


def mirror(workspace: Workspace, settings: MirrorSettings) -> None:
    """Copies the days before `as_of` that differ from their copy; a repetition changes nothing.

    A day differs where production's rows, the fraction, the key or the redaction have changed.
    """
    spark = workspace.spark
    key = workspace.secrets.get(settings.secret_scope, KEY_NAME)
    create_table(spark, RECORD, settings)
    originals = read_days(spark, f"{settings.mirrored}.{RAW_DAYS.name}", RAW_TABLES)
    copies = read_days(spark, RECORD.full_name(settings), RAW_TABLES)
    for table in RAW_TABLES:
        wanted = identify_copies(settings, table, originals[table], key)
        made = {day: held.made_from for day, held in copies[table].items()}
        stale = [day for day, identity in wanted.items() if made.get(day) != identity]
        for window in join_days(stale):
            mirror_window(spark, settings, table, window, key, wanted)


def identify_copies(
    settings: MirrorSettings, table: Table, original: Days, key: str
) -> dict[dt.date, str]:
    """Identifies what the copy of each day before `as_of` is made from."""
    redacted = [(column.name, column.personal) for column in table.columns]
    known_key = hashlib.sha256(key.encode()).hexdigest()
    recipe = (fingerprint(redact_rows, sample_rows), redacted, settings.sample_fraction, known_key)
    days = list_days(Window(PROBLEM.first_day, settings.cutoff))
    return {day: digest_facts(recipe, original[day].digest) for day in days if day in original}


def mirror_window(
    spark: SparkSession,
    settings: MirrorSettings,
    table: Table,
    window: Window,
    key: str,
    wanted: Mapping[dt.date, str],
) -> None:
    """Replaces a window of a table's copy."""
    copy, record = replace(table, schema="mirror"), RECORD.full_name(settings)
    create_table(spark, copy, settings)
    original = window.select(spark.table(f"{settings.mirrored}.{table.name}"), table.time)
    rows = redact_rows(sample_rows(original, settings.sample_fraction), table, key)
    within = window.contains(f"{copy.name}.{copy.time}")
    forget_days(spark, record, {table: list_days(window)})
    delta.replace_rows(copy.full_name(settings), rows, copy.keys, within)
    held = summarise_days(spark.table(copy.full_name(settings)), table, window)
    record_days(
        spark, record, {table: {d: replace(h, made_from=wanted[d]) for d, h in held.items()}}
    )
    log.info("%s mirrored, %s", table.name, window)
