"""The entry points that the bundle's jobs name: each parses its parameters and does its work."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .features.task import compute_features
from .inference.task import predict
from .ingestion.task import ingest
from .inspection.task import inspect
from .mirroring.task import mirror
from .monitoring.metric_views import METRIC_VIEWS
from .monitoring.task import monitor
from .platform.messages import show_messages
from .platform.missing import explain_missing
from .platform.workspace import Workspace, connect
from .promotion.task import approve, finish_change, promote, roll_back
from .serving.task import serve
from .settings import (
    MirrorSettings,
    RollbackSettings,
    RunSettings,
    ServingSettings,
    Settings,
    SetupSettings,
    SinkSettings,
    StreamSettings,
    ValidationSettings,
)
from .setup.task import set_up
from .sinks.task import hand_on
from .streaming.task import score_stream
from .tables import RECORD_TABLES, VIEWS
from .training.task import train
from .validation.task import validate

log = logging.getLogger(__name__)

AnySettings = TypeVar("AnySettings", bound=RunSettings)


@dataclass(frozen=True)
class Task(Generic[AnySettings]):
    """An entry point of a job's task.

    Attributes:
        settings: The parameters that the task takes.
        work: The function that does the work, in a workspace.
    """

    settings: type[AnySettings]
    work: Callable[[Workspace, AnySettings], object]

    def __call__(self) -> None:
        """Does the work with the arguments of this process."""
        settings = self.settings.from_arguments(sys.argv[1:])
        with show_messages():
            log.info("as of %s, in %s", settings.as_of, settings.target)
            with explain_missing():
                self.work(connect(), settings)


def set_up_all(workspace: Workspace, settings: SetupSettings) -> None:
    """Creates the tables and metric views of every stage."""
    set_up(workspace, settings, RECORD_TABLES, VIEWS, METRIC_VIEWS)


def finish_and_validate(workspace: Workspace, settings: ValidationSettings) -> None:
    """Finishes a change of the champion that was cut short, then judges a version."""
    finish_change(workspace, settings)
    validate(workspace, settings)


setup = Task(SetupSettings, set_up_all)
ingestion = Task(Settings, ingest)
features = Task(Settings, compute_features)
training = Task(Settings, train)
validation = Task(ValidationSettings, finish_and_validate)
approval = Task(ValidationSettings, approve)
promotion = Task(ValidationSettings, promote)
rollback = Task(RollbackSettings, roll_back)
batch_inference = Task(Settings, predict)
streaming = Task(StreamSettings, score_stream)
sinks = Task(SinkSettings, hand_on)
serving = Task(ServingSettings, serve)
monitoring = Task(Settings, monitor)
mirroring = Task(MirrorSettings, mirror)
inspection = Task(Settings, inspect)
