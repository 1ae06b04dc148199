"""Facts are null where they cannot be known, and alert beyond their thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from {{ cookiecutter.__package }}.monitoring.facts import (
    count_absent,
    count_alerts,
    measure_drift,
    measure_performance,
    name_timing,
)
from {{ cookiecutter.__package }}.registry.drift import ColumnBaseline


def test_performance_of_known_labels() -> None:
    facts = measure_performance("now", np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.4, 0.6]))
    values = {fact.statistic: fact.value for fact in facts}
    assert {fact.subject for fact in facts} == {"now"}
    assert values["labels"] == 4
    assert values["auc"] == 0.75
    assert values["brier"] == pytest.approx((0.01 + 0.01 + 0.36 + 0.36) / 4)


@pytest.mark.parametrize("labels", [[], [1, 1]])
def test_no_labels_or_one_class_give_no_metric_rather_than_a_wrong_one(labels: list[int]) -> None:
    facts = measure_performance("now", np.array(labels), np.full(len(labels), 0.5))
    values = {fact.statistic: fact.value for fact in facts}
    assert values["labels"] == len(labels)
    assert values["auc"] is None
    assert values["log_loss"] is None


def test_predictions_are_told_apart_by_when_they_were_made() -> None:
    names = [name_timing(days) for days in (None, 0, 2)]
    assert names == ["afterwards", "in time", "in time, 2 days ahead"]


def test_examples_without_features_are_counted_by_table() -> None:
    (fact,) = count_absent({"weather": [7, 3, 0]})
    assert (fact.subject, fact.statistic, fact.value) == ("weather", "without_features", 3)


def test_drift_alerts_only_beyond_the_columns_own_threshold() -> None:
    def column(threshold: float) -> ColumnBaseline:
        return {"edges": [0.0], "values": None, "counts": [50, 50, 0], "threshold": threshold}

    baseline = {"calm": column(0.2), "seasonal": column(9.0), "probability": column(0.2)}
    facts = measure_drift(baseline, {name: [1, 99, 0] for name in baseline})
    assert {fact.subject: fact.alert for fact in facts} == {
        "calm": True,
        "seasonal": False,
        "probability": True,
    }
    assert count_alerts(facts) == 2
    assert [f.kind for f in facts] == ["input_drift", "input_drift", "prediction_drift"]
