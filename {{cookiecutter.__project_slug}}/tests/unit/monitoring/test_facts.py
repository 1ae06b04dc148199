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
from {{ cookiecutter.__package }}.platform.kinds import SCORE
from {{ cookiecutter.__package }}.registry.drift import ColumnBaseline

from ..toys import inject
from ..validation.problems import PROBLEMS

# Labels as people write them, as numbers, and scores.
KNOWN = {
    "binary": ([0.0, 1.0, 1.0, 0.0], [0.1, 0.9, 0.4, 0.6]),
    "regression": ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 6.0]),
    "classes": ([0, 1, 2, 0], [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]]),
}


def measure(kind: str, count: int = 4) -> dict[str, float | None]:
    labels, scores = (np.array(values)[:count] for values in KNOWN[kind])
    with inject(PROBLEMS[kind]):
        facts = measure_performance("now", labels, scores)
    assert {fact.subject for fact in facts} == {"now"}
    return {fact.statistic: fact.value for fact in facts}


def test_performance_of_known_labels() -> None:
    values = measure("binary")
    assert values["labels"] == 4
    assert values["primary"] == 0.75
    assert values["loss"] == pytest.approx(-np.log([0.9, 0.9, 0.4, 0.4]).mean())
    assert set(values) == {"labels", "primary", "loss", "calibration"}


def test_performance_of_numbers_and_of_classes() -> None:
    assert measure("regression") == {
        "labels": 4,
        "primary": 0.5,
        "loss": 1.0,
        "calibration": pytest.approx(np.polyfit([1, 2, 3, 6], [1, 2, 3, 4], 1)[0]),
    }
    values = measure("classes")
    assert values["primary"] == 1.0
    assert values["loss"] == pytest.approx(-np.log([0.8, 0.8, 0.6, 0.5]).mean())
    assert {"calibration short", "calibration middle", "calibration long"} < set(values)


@pytest.mark.parametrize("kind", KNOWN)
def test_no_labels_give_no_metric_rather_than_a_wrong_one(kind: str) -> None:
    assert measure(kind, 0) == {"labels": 0, "primary": None, "loss": None}


def test_one_class_has_no_auc() -> None:
    assert measure("binary", 1)["primary"] is None


def test_predictions_are_told_apart_by_when_they_were_made() -> None:
    names = [name_timing(days) for days in (None, 0, 2)]
    assert names == ["afterwards", "in time", "in time, 2 days ahead"]


def test_examples_without_features_are_counted_by_table() -> None:
    (fact,) = count_absent({"weather": [7, 3, 0]})
    assert (fact.subject, fact.statistic, fact.value) == ("weather", "without_features", 3)


def test_drift_alerts_only_beyond_the_columns_own_threshold() -> None:
    def column(threshold: float) -> ColumnBaseline:
        return {"edges": [0.0], "values": None, "counts": [50, 50, 0], "threshold": threshold}

    baseline = {"calm": column(0.2), "seasonal": column(9.0), SCORE: column(0.2)}
    facts = measure_drift(baseline, {name: [1, 99, 0] for name in baseline})
    assert {fact.subject: fact.alert for fact in facts} == {
        "calm": True,
        "seasonal": False,
        SCORE: True,
    }
    assert count_alerts(facts) == 2
    assert [f.kind for f in facts] == ["input_drift", "input_drift", "prediction_drift"]
