"""The rows of a training set have each key once."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from {{ cookiecutter.__package }}.registry.training_sets import RepeatedKeyError
from {{ cookiecutter.__package }}.training.fitting import collect_rows

from ..toys import KEY


def make_training_set(*keys: str) -> SimpleNamespace:
    frame = SimpleNamespace(toPandas=lambda: pd.DataFrame(dict.fromkeys(KEY, keys)))
    return SimpleNamespace(load_df=lambda: frame)


def test_rows_come_in_the_order_of_their_keys() -> None:
    assert list(collect_rows(make_training_set("b", "c", "a"))[KEY[0]]) == ["a", "b", "c"]


def test_a_key_that_moved_further_than_its_source_looks_back_is_found() -> None:
    with pytest.raises(
        RepeatedKeyError, match=rf"1 rows have a {KEY[0]}.* such as .*b.*: delete the"
    ):
        collect_rows(make_training_set("b", "a", "b"))
