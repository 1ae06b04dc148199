"""The task `features`: computes the window's rows of every feature table."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pyspark.sql import SparkSession

from ..platform import delta
from ..platform.fingerprint import digest_facts
from ..platform.parallel import do_in_parallel
from ..platform.progress import (
    FinishedWindow,
    find_windows,
    get_table_version,
    open_windows,
    record_windows,
)
from ..platform.vocabulary import FeatureTable
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings
from ..use_case.problem import FIRST_DAY
from ..use_case.tables import FEATURE_TABLES, RAW_TABLES
from .rows import compute_rows, identify_recipe

log = logging.getLogger(__name__)


def compute_features(workspace: Workspace, settings: Settings) -> None:
    """Writes each feature table's window, unless equal inputs gave the window's rows before."""
    spark = workspace.spark
    recipes = {t: digest_facts(identify_recipe(t), settings.source) for t in FEATURE_TABLES}
    windows = open_windows(spark, settings, recipes, FIRST_DAY)
    if not settings.owns_sources:
        record_source_versions(spark, settings)
    former = find_windows(spark, settings, (*RAW_TABLES, *FEATURE_TABLES))
    inputs = {t: digest_inputs(settings, t, former, recipes[t]) for t in FEATURE_TABLES}
    stale = [t for t in FEATURE_TABLES if not is_current(former.get(t.name), inputs[t])]
    written = do_in_parallel(lambda t: write_rows(workspace, settings, t, windows[t]), stale)
    finished = {
        table: FinishedWindow(
            window=windows[table],
            inputs=inputs[table],
            recipe=recipes[table],
            table_version=version,
            rows_in=rows,
            rows_kept=rows,
        )
        for table, (rows, version) in written.items()
    }
    record_windows(spark, settings, finished)


def digest_inputs(
    settings: Settings, table: FeatureTable, former: Mapping[str, FinishedWindow], recipe: str
) -> str:
    """Digests what the rows of a feature table depend on: recipe, source, the source's version."""
    version = get_table_version(former, table.source, settings)
    return digest_facts(recipe, table.source.name, version)


def is_current(known: FinishedWindow | None, inputs: str) -> bool:
    """Whether a window was computed from these inputs before."""
    return known is not None and known.inputs == inputs


def record_source_versions(spark: SparkSession, settings: Settings) -> None:
    """Records the versions of another catalog's raw tables that this `as_of` saw first."""
    known = find_windows(spark, settings, RAW_TABLES)
    window = Window(FIRST_DAY, settings.cutoff)
    unknown = [table for table in RAW_TABLES if table.name not in known]
    versions = {t: delta.read_version(spark, t.source_name(settings)) for t in unknown}
    finished = {
        table: FinishedWindow(
            window=window, inputs="", recipe=settings.source, table_version=version
        )
        for table, version in versions.items()
    }
    record_windows(spark, settings, finished)


def write_rows(
    workspace: Workspace, settings: Settings, table: FeatureTable, window: Window
) -> tuple[int, int]:
    """Computes the window's rows and merges them through the feature client.

    Returns:
        The number of rows that the window then has, and the table's Delta version.
    """
    log.info("%s, %s", table.name, window)
    spark, name = workspace.spark, table.full_name(settings)
    rows = compute_rows(table, spark.table(table.source.source_name(settings)), window)
    workspace.features.write_table(name=name, df=rows, mode="merge")
    written = window.select(spark.table(name), table.time).count()
    return written, delta.read_version(spark, name)
