"""The task `serving`: the online store has today's features, the endpoint today's champion."""

from __future__ import annotations

import logging

from ..platform.workspace import Workspace
from ..registry.champion import read_promotions
from ..settings import ServingSettings
from .publishing import publish_features

log = logging.getLogger(__name__)


def serve(workspace: Workspace, settings: ServingSettings) -> None:
    """Publishes features, and lets the endpoint serve the champion; a repetition changes nothing.

    Features come first: an endpoint looks for tables as soon as it starts.
    """
    publish_features(workspace.features, settings)
    promotions = read_promotions(workspace.spark, settings)
    if not promotions:
        log.info("there is no champion yet, and so nothing to serve")
        return
    champion = promotions[-1].model_version
    log.info("endpoint %s: champion is version %d", settings.endpoint, champion)
    workspace.endpoints.serve(settings.endpoint, settings.model_name, champion)
