"""Tells another system of a change, by a webhook; a failure changes nothing here."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..settings import Settings
from .workspace import Secrets

log = logging.getLogger(__name__)

WEBHOOK_KEY = "webhook_url"
SECONDS = 5


def notify(secrets: Secrets, settings: Settings, message: Mapping[str, object]) -> None:
    """Posts a message as JSON to the URL in the secret `webhook_url` of `webhook_scope`.

    Without a scope, nobody is told. Nothing is raised: a listener must not stop the job.
    """
    if not settings.webhook_scope:
        return
    try:
        url = secrets.get(settings.webhook_scope, WEBHOOK_KEY)
        where = urlsplit(url)
        # A message that stays on this machine needs no encryption.
        if where.scheme != "https" and (where.scheme, where.hostname) != ("http", "127.0.0.1"):
            raise ValueError(f"the secret {WEBHOOK_KEY} is not an https address")
        body = json.dumps(message).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS).close()
    except Exception as error:  # a listener must not stop the job
        # Only the kind of the error is logged: its message may hold the address, a secret.
        log.warning("the webhook was not reached: %s", type(error).__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: they could lead the message to an address that nobody agreed to."""

    def redirect_request(self, *_: object) -> None:
        """Returns no request to follow."""
