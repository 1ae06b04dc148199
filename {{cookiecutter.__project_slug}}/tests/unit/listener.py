"""A web server that hears what is posted to it, and the secret that holds its address."""

from __future__ import annotations

from http.server import HTTPServer


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
