"""The task `features`: computes the window's rows of every feature table."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from .. import delta
from ..code import digest_code, digest_facts
from ..problem import FIRST_DAY
from ..settings import Settings
from ..tables import CARRIER_DELAYS, ORIGIN_DELAYS, ORIGIN_WEATHER, OUTCOMES, WEATHER, Table
from ..windows import FinishedWindow, Window, find_window, open_window, record_window
from ..workspace import Workspace
from .carrier_delays import compute_carrier_delays
from .delays import LONGEST_HOURS
from .origin_delays import compute_origin_delays
from .origin_weather import compute_origin_weather

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feature:
    """How a feature table is computed: from which raw table, looking how far back."""

    table: Table
    source: Table
    lookback: dt.timedelta
    compute: Callable[[DataFrame, Window], DataFrame]


DAY_AND_SLOT = dt.timedelta(hours=LONGEST_HOURS + 1)
FEATURES = (
    Feature(ORIGIN_WEATHER, WEATHER, dt.timedelta(hours=1), compute_origin_weather),
    Feature(ORIGIN_DELAYS, OUTCOMES, DAY_AND_SLOT, compute_origin_delays),
    Feature(CARRIER_DELAYS, OUTCOMES, DAY_AND_SLOT, compute_carrier_delays),
)


def compute_features(workspace: Workspace, settings: Settings) -> None:
    """Writes each feature table's window, unless it was computed from the same inputs before."""
    for feature in FEATURES:
        inputs = identify_inputs(workspace.spark, settings, feature)
        done = find_window(workspace.spark, settings, feature.table)
        if done and done.inputs == inputs:
            log.info("%s is up to date", feature.table.name)
        else:
            write_feature(workspace, settings, feature, inputs)


def identify_inputs(spark: SparkSession, settings: Settings, feature: Feature) -> str:
    """Digest of the code and of the source's version as of the run."""
    delivered = find_window(spark, settings, feature.source) if settings.owns_sources else None
    source = feature.source.source_name(settings)
    version = delivered.table_version if delivered else delta.read_version(spark, source)
    return digest_facts(digest_code("features"), source, version)


def write_feature(workspace: Workspace, settings: Settings, feature: Feature, inputs: str) -> None:
    """Computes the window's rows and merges them through the feature client."""
    spark, name = workspace.spark, feature.table.full_name(settings)
    window = open_window(spark, settings, feature.table, FIRST_DAY)
    log.info("%s, %s", feature.table.name, window)
    known = Window(window.start - feature.lookback, window.end)
    source = spark.table(feature.source.source_name(settings))
    rows = feature.compute(known.select(source, feature.source.time), window)
    workspace.features.write_table(name=name, df=rows, mode="merge")
    written = window.select(spark.table(name), feature.table.time).count()
    version = delta.read_version(spark, name)
    record_window(
        spark, settings, feature.table, FinishedWindow(window, inputs, version, written, written)
    )
