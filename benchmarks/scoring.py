"""Rows per second of batch scoring: this project's, MLflow's, and one process that only predicts.

Called in the folder of a rendered project: `python scoring.py [MILLIONS OF ROWS]`. Each way reads
the same Delta table of 20 numbers, scores, and writes; the ways take turns, so that a slow minute
of the machine meets all of them. A ratio above 1 says how much faster this project's way is.
"""

from __future__ import annotations

import importlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from lightgbm import LGBMClassifier
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from bundlework.bundle.contract import read_package
from bundlework.laptop.spark import build_session

INPUTS = [f"x{number}" for number in range(20)]
KEPT = ("key", "at")
ROUNDS, BATCH = 3, 100_000
ESTIMATORS: dict[str, Any] = {
    "LightGBM": LGBMClassifier(n_estimators=100, num_leaves=31, n_jobs=1, verbosity=-1),
    "scikit-learn": make_pipeline(StandardScaler(), LogisticRegression()),
}


def make_table(spark: SparkSession, folder: str, millions: float) -> DataFrame:
    """Writes the table and returns its rows."""
    numbers = [F.rand(seed).alias(name) for seed, name in enumerate(INPUTS)]
    at = F.timestamp_seconds(F.col("id")).alias("at")
    rows = spark.range(int(millions * 1_000_000)).select(F.col("id").alias("key"), at, *numbers)
    rows.write.format("delta").save(folder)
    return spark.read.format("delta").load(folder)


def fit(estimator: Any) -> Any:
    """Fits on rows whose label depends on two inputs."""
    numbers = np.random.default_rng(1)
    rows = pd.DataFrame(numbers.random((20_000, len(INPUTS))), columns=INPUTS)
    label = rows.x0 + rows.x1 + numbers.normal(size=len(rows)) > 1
    pipeline: Pipeline = make_pipeline(estimator)
    return pipeline.fit(rows, label.astype(int))


def score_here(rows: DataFrame, model: Any) -> DataFrame:
    """This project's way."""
    package = read_package(Path.cwd())
    loading = importlib.import_module(f"{package}.registry.loading")
    predicting = importlib.import_module(f"{package}.registry.predicting")
    first_step = importlib.import_module(f"{package}.platform.first_step")
    given = tuple(first_step.Rule(name, "double", required=True) for name in INPUTS)
    first = first_step.FirstStep(given, (), (), leave_as_they_are, "", tuple(INPUTS))
    own = loading.ScoringModel(1, first, model, ())
    scored: DataFrame = predicting.score_frame(own, rows, KEPT, unscored="unscored")
    return scored


def leave_as_they_are(rows: pd.DataFrame) -> pd.DataFrame:
    """Computes no further input."""
    return rows


def score_by_mlflow(rows: DataFrame, address: str, kept: tuple[str, ...]) -> DataFrame:
    """MLflow's way, with some columns or all."""
    score = mlflow.pyfunc.spark_udf(rows.sparkSession, address, result_type="double")
    return rows.select(*kept, score(F.struct(*INPUTS)).alias("score"))


def score_in_one_process(folder: str, model: Any, place: str) -> None:
    """Reads, predicts and writes, without Spark."""
    files = ds.dataset(list(map(str, Path(folder).glob("*.parquet"))))
    told = pa.schema([files.schema.field(name) for name in KEPT] + [("score", pa.float64())])
    with pq.ParquetWriter(place, told) as writer:
        for batch in files.to_batches(columns=[*KEPT, *INPUTS], batch_size=BATCH):
            scores = model.predict_proba(batch.select(INPUTS).to_pandas())[:, 1]
            columns = [*(batch.column(name) for name in KEPT), pa.array(scores)]
            writer.write_batch(pa.record_batch(columns, schema=told))


def write(scored: DataFrame, place: str) -> None:
    """Writes scores as the job does, to Delta."""
    scored.write.format("delta").save(place)


def list_ways(
    rows: DataFrame, folder: str, model: Any, address: str
) -> dict[str, Callable[[str], None]]:
    """The ways to score, each of which writes to a place."""
    everything = tuple(rows.columns)
    return {
        "here": lambda place: write(score_here(rows, model), place),
        "spark_udf": lambda place: write(score_by_mlflow(rows, address, KEPT), place),
        "spark_udf, all columns written": lambda place: write(
            score_by_mlflow(rows, address, everything), place
        ),
        "one process": lambda place: score_in_one_process(folder, model, place),
    }


def measure(ways: dict[str, Callable[[str], None]], scratch: Path) -> dict[str, float]:
    """The median seconds of each way; the ways take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            place = scratch / "scored"
            began = time.perf_counter()
            way(str(place))
            # The first round warms up.
            if turn:
                seconds[name].append(time.perf_counter() - began)
            shutil.rmtree(place, ignore_errors=True)
            place.unlink(missing_ok=True)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def describe(seconds: dict[str, float], millions: float) -> Iterator[str]:
    """A line for each way."""
    yield "| way | seconds | thousand rows per second | here is faster by |"
    yield "|---|---|---|---|"
    for name, taken in seconds.items():
        rate, ratio = 1_000 * millions / taken, taken / seconds["here"]
        yield f"| {name} | {taken:.1f} | {rate:.0f} | {ratio:.2f} |"


def main() -> None:
    """Prints a table for each kind of model."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    print(f"{millions} million rows, {len(INPUTS)} inputs, {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        scratch = Path(made)
        mlflow.set_tracking_uri(f"sqlite:///{scratch}/mlflow.db")
        spark = build_session(scratch / "spark", [], serverless=False)
        folder = str(scratch / "rows")
        rows = make_table(spark, folder, millions)
        for name, estimator in ESTIMATORS.items():
            model, place = fit(estimator), str(scratch / name)
            mlflow.sklearn.save_model(model, place, pyfunc_predict_fn="predict_proba")
            ways = list_ways(rows, folder, model, place)
            print("", f"## {name}", "", *describe(measure(ways, scratch), millions), sep="\n")
        spark.stop()


if __name__ == "__main__":
    main()
