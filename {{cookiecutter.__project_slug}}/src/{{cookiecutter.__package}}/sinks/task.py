"""The task `sinks`: each declared system is handed what changed of the predictions in force."""

from __future__ import annotations

import logging

from ..platform.parallel import do_in_parallel
from ..platform.workspace import Workspace
from ..settings import SinkSettings
from .base import Handover, Sink, SinkError
from .batches import find_batch, record_batch, select_rows
from .declaration import read_sinks

log = logging.getLogger(__name__)

OUTBOX = "outbox"


def hand_on(workspace: Workspace, settings: SinkSettings) -> None:
    """Hands on what each sink has not been handed yet; a sink that is away delays no other one.

    Raises:
        SinkError: Some sinks could not be handed their rows; the others were.
    """
    sinks = read_sinks(settings.sinks)
    faults = do_in_parallel(lambda sink: try_sink(workspace, settings, sink), sinks)
    told = [f"{sink.name}: {fault}" for sink, fault in faults.items() if fault]
    if told:
        raise SinkError("\n".join([*told, "the next run hands on what is missing"]))


def try_sink(workspace: Workspace, settings: SinkSettings, sink: Sink) -> str:
    """Hands on to one sink; returns what went wrong, or an empty text."""
    try:
        hand_on_to(workspace, settings, sink)
    except Exception as fault:  # the others must have their rows; the task tells of the fault
        log.exception("%s was not handed its rows", sink.name)
        return " ".join((f"{type(fault).__name__}:", *str(fault).strip().splitlines()[:1]))
    return ""


def hand_on_to(workspace: Workspace, settings: SinkSettings, sink: Sink) -> None:
    """Hands on the batch that was cut short, if there is one, and then what changed since."""
    spark = workspace.spark
    outbox = workspace.volumes.joinpath(*settings.predictions.split("."), OUTBOX)
    while (batch := find_batch(spark, settings, sink.name)) is not None:
        record_batch(spark, settings, batch, "begun")
        rows = select_rows(spark, settings, batch)
        count = rows.count()
        if count:
            sink.write(Handover(batch.number, rows, count, workspace.secrets, outbox))
        record_batch(spark, settings, batch, "done", count)
        log.info("%s: %d rows in batch %d", sink.name, count, batch.number)
