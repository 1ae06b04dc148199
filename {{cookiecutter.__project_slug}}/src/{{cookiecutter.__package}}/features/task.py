"""The task `features`: computes the window's rows of every feature table."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from .. import delta
from ..code import digest_code, digest_facts
from ..problem import FIRST_DAY
from ..settings import Settings
from ..tables import CARRIER_DELAYS, ORIGIN_DELAYS, ORIGIN_WEATHER, OUTCOMES, WEATHER, Table
from ..windows import FinishedWindow, Window, find_windows, open_windows, record_windows
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
    spark = workspace.spark
    windows = open_windows(spark, settings, [f.table for f in FEATURES], FIRST_DAY)
    former = find_windows(spark, settings)
    finished = {}
    for feature in FEATURES:
        name, inputs = feature.table.name, identify_inputs(spark, settings, feature, former)
        if name in former and former[name].inputs == inputs:
            log.info("%s is up to date", name)
        else:
            window = windows[feature.table]
            finished[feature.table] = write_feature(workspace, settings, feature, window, inputs)
    record_windows(spark, settings, finished)


def identify_inputs(
    spark: SparkSession,
    settings: Settings,
    feature: Feature,
    finished: Mapping[str, FinishedWindow],
) -> str:
    """Digest of the code and of the source's version as of the run."""
    source = feature.source.source_name(settings)
    if settings.owns_sources:
        version = finished[feature.source.name].table_version
    else:
        version = delta.read_version(spark, source)
    return digest_facts(digest_code("features"), source, version)


def write_feature(
    workspace: Workspace, settings: Settings, feature: Feature, window: Window, inputs: str
) -> FinishedWindow:
    """Computes the window's rows and merges them through the feature client."""
    log.info("%s, %s", feature.table.name, window)
    spark, name = workspace.spark, feature.table.full_name(settings)
    known = Window(window.start - feature.lookback, window.end)
    source = spark.table(feature.source.source_name(settings))
    rows = feature.compute(known.select(source, feature.source.time), window)
    workspace.features.write_table(name=name, df=rows, mode="merge")
    written = window.select(spark.table(name), feature.table.time).count()
    return FinishedWindow(window, inputs, delta.read_version(spark, name), written, written)
