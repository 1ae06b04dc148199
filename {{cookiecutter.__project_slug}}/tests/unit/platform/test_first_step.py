"""The first step of a model refuses what must not be scored, with the field and its value."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from sklearn.base import clone

from {{ cookiecutter.__package }}.platform.first_step import (
    IS_ENDPOINT,
    FirstStep,
    LookUp,
    RefusedError,
    Rule,
    join_reasons,
)

NOON = pd.Timestamp("2013-06-01T12:00Z")
HOURS = dt.timedelta(hours=1)
LOADS = LookUp("loads", ("van",), (Rule("load", "double", minimum=0),), "loads_at", None, False)
VANS = LookUp("vans", ("van",), (Rule("age", "int"),), "", None, True)


def describe(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(hour=rows["sent_at"].dt.hour)


STEP = FirstStep(
    given=(
        Rule("sent_at", "timestamp", required=True),
        Rule("van", "string", required=True, allowed=("a", "b")),
        Rule("weight", "double", minimum=1, maximum=9),
    ),
    lookups=(LOADS, VANS),
    computed=(Rule("hour", "int", maximum=20),),
    describe=describe,
    event_time="sent_at",
    inputs=("van", "weight", "hour", "load", "age"),
)
SOUND = {
    "sent_at": "2013-06-01T12:00:00Z",
    "van": "a",
    "weight": 2,
    "load": 3.0,
    "age": None,
    "loads_at": NOON - HOURS,
}


def make_rows(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([SOUND | change for change in changes], dtype=object)


def test_a_sound_row_becomes_the_inputs_of_the_rest() -> None:
    inputs = STEP.transform(make_rows({}))
    assert list(inputs) == list(STEP.inputs)
    assert pd.isna(inputs.pop("age")[0])
    assert inputs.to_dict("records") == [{"van": "a", "weight": 2.0, "hour": 12.0, "load": 3.0}]


@pytest.mark.parametrize(
    "time",
    [
        "2013-06-01 12:00",
        "2013-06-01T14:00:00+02:00",
        NOON,
        NOON.tz_localize(None),
        NOON.to_pydatetime(),
    ],
)
def test_a_time_is_read_in_any_form_and_one_without_a_zone_is_in_utc(time: Any) -> None:
    assert STEP.compute(make_rows({"sent_at": time}))["hour"][0] == 12
    as_column = make_rows({}).assign(sent_at=pd.to_datetime([time]))
    assert STEP.compute(as_column)["hour"][0] == 12


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "null": ({"van": None}, "van=None: null"),
    "NaN": ({"sent_at": float("nan")}, "sent_at=nan: null"),
    "no time": ({"sent_at": "soon"}, "sent_at='soon': no timestamp"),
    "a number for a time": ({"sent_at": 5}, "sent_at=5: no timestamp"),
    "no number": ({"weight": "heavy"}, "weight='heavy': no double"),
    "a number for a text": ({"van": 7}, "van=7: no string"),
    "too small": ({"weight": 0.5}, "weight=0.5: below 1"),
    "too large": ({"weight": 10}, "weight=10: above 9"),
    "infinite": ({"weight": float("inf")}, "weight=inf: not a finite number"),
    "not allowed": ({"van": "z"}, "van='z': not an allowed value"),
    "a feature that is wrong": ({"load": -1.0}, "load=-1.0: below 0"),
    "an unknown key": ({"loads_at": None, "load": None}, "van='a': no row of loads"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_row_that_breaks_a_rule_is_refused_with_its_value(name: str) -> None:
    change, said = REFUSED[name]
    with pytest.raises(RefusedError) as refusal:
        STEP.transform(make_rows({}, change, {"van": "later"}))
    assert str(refusal.value) == f"row 1 of the request: {said}"


def test_a_computed_input_keeps_its_rule() -> None:
    late = make_rows({"sent_at": "2013-06-01T21:00:00Z"})
    _, faults = STEP.examine(late)
    assert [fault.reason for fault in faults] == ["hour: above 20"]
    with pytest.raises(RefusedError, match=r"hour=21\.0: above 20"):
        STEP.transform(late)


def test_each_row_tells_all_its_reasons() -> None:
    rows = make_rows({"van": "z", "weight": 0}, {}, {"weight": 0})
    _, faults = STEP.examine(rows)
    assert join_reasons(faults, 3).tolist() == [
        "weight: below 1; van: not an allowed value",
        None,
        "weight: below 1",
    ]


def test_rows_to_train_on_are_not_refused() -> None:
    inputs = clone(STEP).fit_transform(make_rows({"weight": 0}, {"loads_at": None, "load": None}))
    assert inputs["weight"].tolist() == [0.0, 2.0]


def test_no_rows_become_no_inputs() -> None:
    inputs, faults = STEP.examine(make_rows({}).head(0))
    assert (len(inputs), list(inputs), faults) == (0, list(STEP.inputs), [])


@pytest.mark.parametrize(
    ("variable", "hours", "optional", "load"),
    [
        ("true", 3, True, None),
        ("true", 1, True, 3.0),
        ("", 3, True, 3.0),
        ("true", 3, False, "van='a': no row of loads of the last 2 hours"),
    ],
)
def test_at_an_endpoint_a_row_that_is_too_old_is_none(
    variable: str, hours: int, optional: bool, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(IS_ENDPOINT, variable)
    lookup = replace(LOADS, greatest_age=2 * HOURS, optional=optional)
    step = clone(STEP).set_params(lookups=(lookup, VANS))
    rows = make_rows({"loads_at": NOON - hours * HOURS})
    if isinstance(load, str):
        with pytest.raises(RefusedError, match=load):
            step.transform(rows)
    else:
        found = step.transform(rows)["load"][0]
        assert (None if pd.isna(found) else found) == load


def test_of_an_event_to_come_features_are_as_old_as_they_are_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(IS_ENDPOINT, "true")
    now = pd.Timestamp.now("UTC")
    step = clone(STEP).set_params(
        lookups=(replace(LOADS, greatest_age=2 * HOURS), VANS), computed=(Rule("hour", "int"),)
    )
    coming = {"sent_at": (now + 9 * HOURS).isoformat(), "loads_at": now - HOURS}
    assert step.transform(make_rows(coming))["load"][0] == 3.0
