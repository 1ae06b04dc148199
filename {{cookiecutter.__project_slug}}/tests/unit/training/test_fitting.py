"""The rows of a training set come in one order."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from {{ cookiecutter.__package }}.training.fitting import collect_rows

from ..toys import KEY


def make_training_set(*keys: str) -> SimpleNamespace:
    frame = SimpleNamespace(toPandas=lambda: pd.DataFrame(dict.fromkeys(KEY, keys)))
    return SimpleNamespace(load_df=lambda: frame)


def test_rows_come_in_the_order_of_their_keys() -> None:
    assert list(collect_rows(make_training_set("b", "c", "a"))[KEY[0]]) == ["a", "b", "c"]
