"""The base of all kinds of sinks: each has a name, and writes batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pyspark.sql import DataFrame

from ..platform.workspace import Secrets

# Names become parts of paths.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
# scope/key
Secret = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]


class SinkError(RuntimeError):
    """Sinks could not be handed their rows; the next run hands them on."""


@dataclass(frozen=True)
class Handover:
    """A batch, and the means to hand it on.

    Attributes:
        number: 1, 2, 3, in order; 1 has all predictions in force.
        rows: The columns of predictions, and `is_removed`; see `select_rows`.
        count: How many rows there are.
        secrets: `get(scope, key)` returns the text of a secret.
        outbox: The folder of the volume `outbox`.
    """

    number: int
    rows: DataFrame
    count: int
    secrets: Secrets
    outbox: Path

    def read_secret(self, secret: str) -> str:
        """Reads the secret that is declared as scope/key."""
        scope, key = secret.split("/")
        return self.secrets.get(scope, key)


class Sink(BaseModel, ABC):
    """A system that is handed the predictions in force.

    Attributes:
        name: Names the sink's batches in the table `sink_batches`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name

    @abstractmethod
    def write(self, handover: Handover) -> None:
        """Hands on the rows of a batch.

        A batch that was cut short comes again with the same number and rows. What a sink shows
        after the repetition must be what it would show after one undisturbed time.
        """
