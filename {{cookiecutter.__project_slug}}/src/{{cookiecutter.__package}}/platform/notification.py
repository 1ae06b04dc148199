"""Tells another system of a change, by a webhook; its failure changes nothing here."""

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
    """Posts a message as JSON to the URL that is kept as a secret, where `webhook_scope` names one.

    Nothing is raised: whoever listens must not decide what happens here.
    """
    if not settings.webhook_scope:
        return
    try:
        url = secrets.get(settings.webhook_scope, WEBHOOK_KEY)
        where = urlsplit(url)
        # What stays on this machine needs no encryption.
        if where.scheme != "https" and (where.scheme, where.hostname) != ("http", "127.0.0.1"):
            raise ValueError(f"the secret {WEBHOOK_KEY} is no https address")
        body = json.dumps(message).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS).close()
    except Exception as error:  # a listener's failure is never ours
        # Its kind alone: the message may hold the address, which is a secret.
        log.warning("the webhook was not reached: %s", type(error).__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Who is redirected could be led to an address that nobody agreed to."""

    def redirect_request(self, *_: object) -> None:
        """Follows none."""
