"""Drift is measured against the training baseline, whatever the column looks like."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.registry.drift import (
    build_baseline,
    compute_psi,
    count_bins,
    count_bins_of_frame,
)


def test_psi_of_equal_shares_is_zero_and_of_two_bins_is_the_formula() -> None:
    assert compute_psi([10, 30], [100, 300]) == pytest.approx(0, abs=1e-3)
    expected = (0.2 - 0.5) * math.log(0.2 / 0.5) + (0.8 - 0.5) * math.log(0.8 / 0.5)
    assert compute_psi([5_000, 5_000], [2_000, 8_000]) == pytest.approx(expected, rel=1e-3)


def test_psi_of_nothing_is_unknown_rather_than_zero() -> None:
    assert compute_psi([1, 2], [0, 0]) is None


def test_a_column_that_is_nearly_always_zero_still_shows_a_shift() -> None:
    generator = np.random.default_rng(1)
    dry = pd.DataFrame(
        {"rain": np.where(generator.random(5_000) < 0.02, generator.random(5_000), 0)}
    )
    wet = pd.Series(np.where(generator.random(5_000) < 0.5, generator.random(5_000), 0))
    baseline = build_baseline(dry, pd.Series(np.arange(5_000) // 1_000))["rain"]
    psi = compute_psi(baseline["counts"], count_bins(wet, baseline))
    assert psi is not None
    assert psi > baseline["threshold"]


def test_variation_inside_training_raises_the_threshold() -> None:
    season = pd.DataFrame({"temperature": np.concatenate([np.zeros(500), np.full(500, 90.0)])})
    halves = pd.Series([0] * 500 + [1] * 500)
    assert build_baseline(season, halves)["temperature"]["threshold"] > 1


def test_unseen_categories_and_nulls_have_bins_of_their_own() -> None:
    frame = pd.DataFrame({"colour": ["AA", "UA", "AA", None]})
    baseline = build_baseline(frame, pd.Series([0] * 4))["colour"]
    assert baseline["counts"] == [2, 1, 0, 1]
    assert count_bins(pd.Series(["ZZ", None, "UA"]), baseline) == [0, 1, 1, 1]


def test_one_pass_over_a_spark_frame_counts_what_pandas_counts(spark: SparkSession) -> None:
    generator = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"x": generator.normal(size=500), "colour": generator.choice(["AA", "UA"], 500)}
    )
    frame.loc[::7, "x"] = np.nan
    baseline = build_baseline(frame, pd.Series([0] * 500))
    counted = count_bins_of_frame(spark.createDataFrame(frame), baseline)
    assert counted == {name: baseline[name]["counts"] for name in frame}
