"""Ports for servers that tests start."""

from __future__ import annotations

import socket


def find_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
