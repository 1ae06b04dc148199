"""A webhook hears of changes, and can do no harm."""

from __future__ import annotations

import logging

import pytest

from {{ cookiecutter.__package }}.platform.notification import notify
from {{ cookiecutter.__package }}.settings import Settings

from ..listener import Listener, Secret
from ..test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments([*ARGUMENTS, "--webhook_scope=scope"])


def test_a_change_is_told(listener: Listener) -> None:
    notify(Secret(f"http://127.0.0.1:{listener.server_port}/"), SETTINGS, {"state": "champion"})
    assert listener.heard == [{"state": "champion"}]


def test_a_listener_that_fails_is_noted_and_nothing_else(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.answer = 500
    with caplog.at_level(logging.WARNING):
        notify(Secret(f"http://127.0.0.1:{listener.server_port}/"), SETTINGS, {})
        notify(Secret("http://127.0.0.1:1/"), SETTINGS, {})
        notify(Secret("ftp://example.com"), SETTINGS, {})
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the webhook was not reached"
    ] * 3


def test_an_address_that_only_looks_local_is_not_called(listener: Listener) -> None:
    notify(Secret(f"http://127.0.0.1:80@localhost:{listener.server_port}/"), SETTINGS, {})
    assert listener.heard == []


def test_without_a_scope_nobody_is_asked() -> None:
    notify(Secret("http://127.0.0.1:1/"), Settings.from_arguments(ARGUMENTS), {})
