"""A kind refuses labels that are none of its own, and reads back what it stores."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.platform import kinds, metrics
from {{ cookiecutter.__package }}.platform.kinds import (
    Binary,
    Kind,
    MultiClass,
    Regression,
    base,
    binary,
    multi_class,
    regression,
)

CLASSES = MultiClass(("short", "middle", "long"))
KINDS = [Binary("lost"), Regression("grams"), CLASSES]
SCORES: list[Any] = [[0.2, 0.7], [-3.0, 9.5], [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]]
REFUSED: list[tuple[Kind, list[Any], str]] = [
    (KINDS[0], [1.0, 2.0], "label 2 is neither 1 nor 0, as of a Binary target"),
    (KINDS[1], [1.0, np.inf], "label inf is no finite number, as of a Regression target"),
    (CLASSES, ["short", "huge"], "label 'huge' is none of the classes short, middle, long"),
]


@pytest.mark.parametrize(("kind", "labels", "said"), REFUSED)
def test_a_label_of_another_kind_is_refused(kind: Kind, labels: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind.encode(pd.Series(labels))


def test_classes_are_encoded_in_the_order_of_their_declaration() -> None:
    assert list(CLASSES.encode(pd.Series(["long", "short", "middle"]))) == [2, 0, 1]


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "b")])
def test_fewer_than_three_different_classes_are_refused(classes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"classes: .* are not three or more different texts"):
        MultiClass(classes)


@pytest.mark.parametrize(("kind", "scores"), zip(KINDS, SCORES, strict=True))
def test_scores_are_read_back_as_they_were_stored(kind: Kind, scores: Any) -> None:
    stored = pd.DataFrame(kind.tabulate(np.array(scores)))
    assert list(stored) == [column.name for column in kind.columns]
    assert kind.read_table(stored) == pytest.approx(np.array(scores))
    assert stored["score"].between(*kind.score_range).all()


def test_of_classes_the_likeliest_is_predicted() -> None:
    stored = pd.DataFrame(CLASSES.tabulate(np.array(SCORES[2])))
    assert list(stored["predicted"]) == ["long", "short"]
    assert list(stored["score"]) == [0.7, 0.6]


WRONG: list[Any] = [[0.5, np.nan, -0.1, 1.1], [0.0, np.nan, np.inf, 7.0]]
WRONG.append([[0.5, 0.3, 0.2], [0.5, 0.3, 0.1], [np.nan, 0.5, 0.5], [1.2, -0.1, -0.1]])


@pytest.mark.parametrize(
    ("kind", "scores", "wrong"),
    zip(KINDS, WRONG, ([1, 2, 3], [1, 2], [1, 2, 3]), strict=True),
)
def test_scores_that_cannot_be_any_are_found(kind: Kind, scores: Any, wrong: list[int]) -> None:
    assert list(np.flatnonzero(kind.find_wrong(np.array(scores)))) == wrong


@pytest.mark.parametrize(
    ("kind", "labels", "fault"),
    [
        (KINDS[0], [1, 1], "one class only"),
        (KINDS[1], [2, 2], "all labels are the same"),
        (CLASSES, [0, 0], "no label middle and no long"),
    ],
)
def test_labels_that_teach_nothing_are_found(kind: Kind, labels: list[int], fault: str) -> None:
    assert kind.find_fault(np.array(labels)) == fault
    assert kind.find_fault(np.array([0, 1, 2 if kind is CLASSES else 1])) is None


def test_naive_numbers_are_the_best_constant_of_each_metric() -> None:
    kind, labels = Regression("grams"), np.array([0.0, 0.0, 9.0])
    known = kind.sum_up(labels)
    assert list(kind.score_naively(kind.primary, known, 2)) == [0.0, 0.0]
    assert list(kind.score_naively(kind.loss, known, 2)) == [3.0, 3.0]


MODULES = (kinds, base, binary, multi_class, regression, metrics)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_what_spark_workers_load_imports_little(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    assert imported <= {"__future__", "abc", "collections", "dataclasses", "sys", "typing",
                        "numpy", "pandas"}  # fmt: skip
