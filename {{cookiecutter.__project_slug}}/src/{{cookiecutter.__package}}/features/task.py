"""The task `features`: computes the window's rows of every feature table."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from ..platform import delta
from ..platform.fingerprint import digest_code, digest_facts
from ..platform.parallel import do_in_parallel
from ..platform.progress import (
    FinishedWindow,
    find_windows,
    get_table_version,
    open_windows,
    record_windows,
)
from ..platform.vocabulary import Table
from ..platform.windows import Window
from ..platform.workspace import Workspace
from ..settings import Settings
from ..use_case.features.carrier_delays import compute_carrier_delays
from ..use_case.features.delays import LONGEST_HOURS
from ..use_case.features.origin_delays import compute_origin_delays
from ..use_case.features.origin_weather import compute_origin_weather
from ..use_case.problem import FIRST_DAY
from ..use_case.tables import (
    CARRIER_DELAYS,
    ORIGIN_DELAYS,
    ORIGIN_WEATHER,
    OUTCOMES,
    RAW_TABLES,
    WEATHER,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feature:
    """How a feature table is computed: from which raw table, looking how far back."""

    table: Table
    source: Table
    lookback: dt.timedelta
    compute: Callable[[DataFrame, Window], DataFrame]


# What the values of a feature depend on, beside its source.
CODE = ("features", "problem.py", "tables.py", "windows.py")
DAY_AND_SLOT = dt.timedelta(hours=LONGEST_HOURS + 1)
FEATURES = (
    Feature(ORIGIN_WEATHER, WEATHER, dt.timedelta(hours=1), compute_origin_weather),
    Feature(ORIGIN_DELAYS, OUTCOMES, DAY_AND_SLOT, compute_origin_delays),
    Feature(CARRIER_DELAYS, OUTCOMES, DAY_AND_SLOT, compute_carrier_delays),
)


def compute_features(workspace: Workspace, settings: Settings) -> None:
    """Writes each feature table's window, unless it was computed from the same inputs before."""
    spark, recipe = workspace.spark, digest_facts(digest_code(*CODE), settings.source)
    windows = open_windows(spark, settings, [f.table for f in FEATURES], FIRST_DAY, recipe)
    if not settings.owns_sources:
        record_source_versions(spark, settings)
    former = find_windows(spark, settings)
    inputs = {f: digest_inputs(settings, f, former, recipe) for f in FEATURES}
    stale = [f for f in FEATURES if not is_current(former.get(f.table.name), inputs[f])]
    written = do_in_parallel(
        lambda f: write_feature(workspace, settings, f, windows[f.table]), stale
    )
    finished = {
        f.table: FinishedWindow(windows[f.table], inputs[f], recipe, version, rows, rows)
        for f, (rows, version) in written.items()
    }
    record_windows(spark, settings, finished)


def digest_inputs(
    settings: Settings, feature: Feature, former: Mapping[str, FinishedWindow], recipe: str
) -> str:
    """What the rows of a feature table depend on: code, source, and the source's version."""
    version = get_table_version(former, feature.source, settings)
    return digest_facts(recipe, feature.source.name, version)


def is_current(known: FinishedWindow | None, inputs: str) -> bool:
    """Whether a window was computed from these inputs before."""
    return known is not None and known.inputs == inputs


def record_source_versions(spark: SparkSession, settings: Settings) -> None:
    """Keeps which versions of another catalog's raw tables this `as_of` saw first."""
    known = find_windows(spark, settings)
    window = Window(FIRST_DAY, settings.cutoff)
    unknown = [table for table in RAW_TABLES if table.name not in known]
    versions = {t: delta.read_version(spark, t.source_name(settings)) for t in unknown}
    source = settings.source
    finished = {t: FinishedWindow(window, "", source, v, 0, 0) for t, v in versions.items()}
    record_windows(spark, settings, finished)


def write_feature(
    workspace: Workspace, settings: Settings, feature: Feature, window: Window
) -> tuple[int, int]:
    """Computes the window's rows and merges them through the feature client.

    Returns:
        The rows that the window has then, and the table's Delta version.
    """
    log.info("%s, %s", feature.table.name, window)
    spark, name = workspace.spark, feature.table.full_name(settings)
    known = Window(window.start - feature.lookback, window.end)
    source = spark.table(feature.source.source_name(settings))
    rows = feature.compute(known.select(source, feature.source.time), window)
    workspace.features.write_table(name=name, df=rows, mode="merge")
    written = window.select(spark.table(name), feature.table.time).count()
    return written, delta.read_version(spark, name)
