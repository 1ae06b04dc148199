"""The entry points that the bundle's jobs name: parameters in, one call, nothing else."""

from __future__ import annotations

import sys

from .features.task import compute_features
from .inference.task import predict
from .ingestion.task import ingest
from .monitoring.task import monitor
from .settings import Settings, SetupSettings, ValidationSettings
from .setup.task import set_up
from .training.task import train
from .validation.task import promote, validate
from .workspace import connect


def setup() -> None:
    """Creates tables and links the deployment job."""
    settings = SetupSettings.from_arguments(sys.argv[1:])
    set_up(connect(), settings)


def ingestion() -> None:
    """Brings the window's deliveries into raw tables."""
    settings = Settings.from_arguments(sys.argv[1:])
    ingest(connect(), settings)


def features() -> None:
    """Computes the window's features."""
    settings = Settings.from_arguments(sys.argv[1:])
    compute_features(connect(), settings)


def training() -> None:
    """Trains and registers a version."""
    settings = Settings.from_arguments(sys.argv[1:])
    train(connect(), settings)


def validation() -> None:
    """Judges a version."""
    settings = ValidationSettings.from_arguments(sys.argv[1:])
    validate(connect(), settings)


def promotion() -> None:
    """Makes an accepted version champion."""
    settings = ValidationSettings.from_arguments(sys.argv[1:])
    promote(connect(), settings)


def batch_inference() -> None:
    """Scores the window's flights."""
    settings = Settings.from_arguments(sys.argv[1:])
    predict(connect(), settings)


def monitoring() -> None:
    """Records drift and performance."""
    settings = Settings.from_arguments(sys.argv[1:])
    monitor(connect(), settings)
