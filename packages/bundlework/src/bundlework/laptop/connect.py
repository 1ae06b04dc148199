"""A session of Spark Connect, by a server in the JVM of a classic session."""

from __future__ import annotations

import os
from typing import Any, cast

from delta.connect import tables
from pyspark.sql import SparkSession
from pyspark.sql.connect.client import DefaultChannelBuilder

from .delta_table import DeltaTable
from .serverless import Refusals, ServerlessSession
from .spark import ANNOUNCED

SERVICE = "org.apache.spark.sql.connect.service.SparkConnectService"


def connect(server: SparkSession) -> tuple[SparkSession, Any]:
    """Connects to the server that a classic session has started.

    Returns:
        The client's session, and the session of the JVM that the server keeps for this client.
    """
    service = getattr(getattr(server._jvm, f"{SERVICE}$"), "MODULE$")
    # With a token, any other name of this machine would demand TLS.
    address = f"sc://localhost:{service.localPort()}"
    channel = DefaultChannelBuilder(address)
    channel.add_interceptor(Refusals())
    session = ServerlessSession(channel)
    # Within one process no connection breaks, after which a client would attach itself again.
    session.client.disable_reattachable_execute()
    user, none = session.client._user_id or "", server._jvm.scala.Option.empty()
    behind = service.getOrCreateIsolatedSession(user, session.session_id, none).session()
    _announce(session, address)
    # Its methods are those of any session.
    return cast(SparkSession, session), behind


def _announce(session: ServerlessSession, address: str) -> None:
    """Lets `SparkSession.builder.getOrCreate` of any library find the session.

    The session's `stop` takes back the variables, and stops the server.
    """
    session._set_default_and_active_session(session)
    os.environ |= dict(zip(ANNOUNCED, (address, "1", "1"), strict=True))
    # Delta's own `DeltaTable` hands the calls on a session of Connect to this one.
    tables.DeltaTable = DeltaTable
