"""A table is owed what came after its last finished window, or all when its recipe is new."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from {{ cookiecutter.__package }}.platform.progress import (
    FinishedWindow,
    find_windows,
    get_table_version,
    open_windows,
    record_windows,
)
from {{ cookiecutter.__package }}.platform.tables import WINDOWS
from {{ cookiecutter.__package }}.platform.windows import Window
from {{ cookiecutter.__package }}.settings import Settings
from {{ cookiecutter.__package }}.setup.creation import create_table
from {{ cookiecutter.__package }}.use_case.problem import FIRST_DAY
from {{ cookiecutter.__package }}.use_case.tables import FLIGHTS, ORIGIN_WEATHER

from ..test_settings import ARGUMENTS, replace


def test_a_table_is_owed_what_came_after_its_last_finished_window(
    lakehouse: SparkSession,
) -> None:
    earlier = Settings.from_arguments(replace("as_of", "2013-06-01"))
    settings = Settings.from_arguments(ARGUMENTS)
    create_table(lakehouse, WINDOWS, settings)
    source = settings.source
    first = open_windows(lakehouse, earlier, {FLIGHTS: source}, FIRST_DAY)[FLIGHTS]
    assert first == Window(FIRST_DAY, earlier.cutoff)
    for _ in range(2):
        done = FinishedWindow(
            window=first,
            inputs="x",
            recipe=source,
            table_version=1,
            rows_in=10,
            rows_kept=9,
            rows_quarantined=1,
        )
        record_windows(lakehouse, earlier, {FLIGHTS: done})
    assert find_windows(lakehouse, earlier, [FLIGHTS])["flights"].rows_quarantined == 1
    assert lakehouse.table(WINDOWS.full_name(settings)).count() == 1
    owed = open_windows(lakehouse, settings, {FLIGHTS: source}, FIRST_DAY)[FLIGHTS]
    assert owed == Window(earlier.cutoff, settings.cutoff)
    # Repeated, a date owes what it owed before.
    assert open_windows(lakehouse, earlier, {FLIGHTS: source}, FIRST_DAY)[FLIGHTS] == first
    # What another source delivered is not known of this one.
    elsewhere = earlier.model_copy(update={"source": "dev.raw"})
    assert find_windows(lakehouse, elsewhere, [FLIGHTS]) == {}
    owed = open_windows(lakehouse, settings, {FLIGHTS: elsewhere.source}, FIRST_DAY)[FLIGHTS]
    assert owed == Window(FIRST_DAY, settings.cutoff)


def test_what_was_made_otherwise_is_owed_from_the_beginning(lakehouse: SparkSession) -> None:
    earlier = Settings.from_arguments(replace("as_of", "2013-06-01"))
    settings = Settings.from_arguments(ARGUMENTS)
    create_table(lakehouse, WINDOWS, settings)
    window = Window(FIRST_DAY, earlier.cutoff)
    done = FinishedWindow(window=window, inputs="x", recipe="old", table_version=1)
    record_windows(lakehouse, earlier, {ORIGIN_WEATHER: done})
    for recipe, start in (("old", earlier.cutoff), ("new", FIRST_DAY)):
        owed = open_windows(lakehouse, settings, {ORIGIN_WEATHER: recipe}, FIRST_DAY)
        assert owed[ORIGIN_WEATHER] == Window(start, settings.cutoff)


def test_a_table_that_has_no_window_yet_is_named() -> None:
    settings = Settings.from_arguments(ARGUMENTS)
    with pytest.raises(LookupError, match="flights has no window as of 2013-07-01: run the jobs"):
        get_table_version({}, FLIGHTS, settings)
