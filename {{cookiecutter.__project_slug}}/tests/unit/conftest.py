"""The listener that tests of notifications share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Thread

import pytest

from .listener import Listener


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
