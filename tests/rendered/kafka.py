"""A real Kafka broker in a folder, for this machine alone."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyspark

from bundlework.laptop.java import find_java
from bundlework.laptop.spark import fetch_jars

from .ports import find_port

BROKER = ("org.apache.kafka:kafka_2.13:4.1.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3")
SECONDS = 60
# One broker cannot keep three copies of anything.
SETTINGS = """
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


@contextmanager
def start_kafka() -> Iterator[str]:
    """Starts a broker that makes topics when they are first written to; yields its address."""
    # Spark has brought Scala.
    scala = next(Path(pyspark.__file__).parent.glob("jars/scala-library-*.jar"))
    jars, port = f"{fetch_jars(BROKER)}/*{os.pathsep}{scala}", find_port()
    with TemporaryDirectory() as scratch:
        folder, settings = Path(scratch), Path(scratch) / "server.properties"
        settings.write_text(SETTINGS.format(folder=folder, port=port, controller=find_port()))
        java = [str(find_java() / "bin/java"), "-Xmx256m", "-XX:+UseSerialGC"]
        java += ["-XX:TieredStopAtLevel=1", f"-Dkafka.logs.dir={folder}", "-cp", jars]
        log = (folder / "log").open("wb")
        format_storage = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA"]
        subprocess.run([*java, *format_storage, "-c", settings], check=True, stdout=log)
        with log, subprocess.Popen([*java, "kafka.Kafka", settings], stdout=log, stderr=log) as run:
            try:
                wait_for(run, port, folder / "log")
                yield f"127.0.0.1:{port}"
            finally:
                run.kill()


def wait_for(broker: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Waits until the broker listens."""
    until = time.monotonic() + SECONDS
    while True:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert broker.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)
