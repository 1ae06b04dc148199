"""An entry point that calls several rooms calls them in the order that decision 0015 asks for."""

from __future__ import annotations

import pytest

from {{ cookiecutter.__package }}.promotion import change
from {{ cookiecutter.__package }}.registry.champion import CHAMPION, PREVIOUS
from {{ cookiecutter.__package }}.settings import ValidationSettings
from {{ cookiecutter.__package }}.tasks import finish_and_validate

from .toy_registry import Registry, cut


def test_a_promotion_cut_short_is_finished_before_anything_is_judged(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.crown((1, "2013-07-01"))
    monkeypatch.setattr(change, "_settle", cut)
    with pytest.raises(KeyboardInterrupt):
        registry.promote(2, "2013-07-08")
    monkeypatch.undo()
    finish_and_validate(registry.workspace, registry.settings(ValidationSettings, 3, "2013-07-15"))
    assert registry.aliases == {CHAMPION: 2, PREVIOUS: 1}
