"""A topic of Kafka, or of Event Hubs, which speak Kafka's protocol."""

from __future__ import annotations

from typing import Literal

from pyspark.sql import functions as F

from ..use_case.problem import PROBLEM
from .base import Handover, Secret, Sink
from .batches import IS_REMOVED

# A broker that is away is given up after this time; the next run tries again.
MILLISECONDS = 30_000


class KafkaSink(Sink):
    """Messages whose key is the example's, as JSON, and whose value the prediction, as JSON.

    The value is null where an example has no prediction in force any more. A batch that was cut
    short is sent again: readers keep the last message of a key.

    Attributes:
        servers: `host:port`, separated by commas.
        login: The secret with Kafka's option `sasl.jaas.config`, as scope/key; empty for brokers
            that ask for no login, which get messages without encryption.
    """

    kind: Literal["kafka"]
    servers: str
    topic: str
    login: Secret | Literal[""] = ""

    def write(self, handover: Handover) -> None:
        """Sends a message for each row; see `Sink`."""
        told = [name for name in handover.rows.columns if name != IS_REMOVED]
        value = F.when(~F.col(IS_REMOVED), F.to_json(F.struct(*told)))
        key = F.to_json(F.struct(*PROBLEM.key))
        options = {
            "kafka.bootstrap.servers": self.servers,
            "topic": self.topic,
            "kafka.max.block.ms": str(MILLISECONDS),
            **self._log_in(handover),
        }
        messages = handover.rows.select(key.alias("key"), value.alias("value"))
        messages.write.format("kafka").options(**options).save()

    def _log_in(self, handover: Handover) -> dict[str, str]:
        if not self.login:
            return {}
        return {
            "kafka.security.protocol": "SASL_SSL",
            "kafka.sasl.mechanism": "PLAIN",
            "kafka.sasl.jaas.config": handover.read_secret(self.login),
        }
