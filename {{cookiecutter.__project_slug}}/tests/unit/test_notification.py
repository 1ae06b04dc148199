"""A webhook hears of changes, and can do no harm."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from {{ cookiecutter.__package }}.notification import notify
from {{ cookiecutter.__package }}.settings import Settings

from .test_settings import ARGUMENTS

SETTINGS = Settings.from_arguments([*ARGUMENTS, "--webhook_scope=scope"])


class Secret:
    """A secret that is a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, scope: str, key: str) -> str:
        assert (scope, key) == ("scope", "webhook_url")
        return self._url


class Listener(HTTPServer):
    """Keeps what it hears, and answers with one status."""

    heard: list[object]
    answer = 200


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            server.heard.append(json.loads(self.rfile.read(length)))
            self.send_response(server.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = Listener(("127.0.0.1", 0), Handler)
    server.heard = []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


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


def test_without_a_scope_nobody_is_asked() -> None:
    notify(Secret("http://127.0.0.1:1/"), Settings.from_arguments(ARGUMENTS), {})
