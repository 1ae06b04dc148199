"""One Spark session with Delta, set up for small data and a quick start.

The session speaks what the target's compute speaks: Spark Connect on serverless, classic Spark on
clusters. Connect's server runs in the JVM of a classic session.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from bundlework.errors import Refusal

from .java import find_java

DELTA = "io.delta:delta-spark_4.1_2.13:4.4.0"
DELTA_JARS = ("io.delta_*.jar", "io.unitycatalog_*.jar")
# Lies in a folder of jars once all of them were fetched.
COMPLETE = "complete"
FETCH = (
    "import sys; from pyspark.sql import SparkSession as S; S.builder.master('local[1]')"
    ".config('spark.ui.enabled', 'false').config('spark.jars.packages', sys.argv[1])"
    ".config('spark.jars.ivy', sys.argv[2]).getOrCreate().stop()"
)
DELTA_CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog"

# Databricks partitions a table's log and its shuffles for large data; here the fixed cost of each
# query is all that counts. Without statistics there is nothing to skip files by; what stays on one
# machine is not compressed; code generated for one query is kept for the next one like it.
SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": DELTA_CATALOG,
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.stats.collect": "false",
    "spark.databricks.delta.stats.skipping": "false",
    "spark.databricks.delta.merge.materializeSource": "none",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "2",
    "spark.shuffle.compress": "false",
    "spark.broadcast.compress": "false",
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.localRelationThreshold": "1m",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "3g",
}

# Of the server of Spark Connect, which runs in the same JVM, on a port that is free.
SERVER = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    # As in a workspace, UDFs of a session see that session's files alone.
    "spark.sql.artifact.isolation.enabled": "true",
    "spark.sql.artifact.isolation.alwaysApplyClassloader": "true",
    # Each query would convert the rows of local data one by one while it is planned.
    "spark.sql.optimizer.excludedRules": (
        "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation"
    ),
}

# The variables by which a process tells libraries of its session; its child processes inherit them.
ANNOUNCED = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_LOCAL_REMOTE")

# Most of Spark's code runs here once or twice: compiling it to fast code, verifying what was
# published long ago, and growing the memory step by step costs more than it saves.
QUICK_START = (
    "-XX:+UseSerialGC -XX:-UsePerfData -Xms1g -Xmn600m -XX:MetaspaceSize=400m"
    " -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=20000"
    " -XX:Tier4CompileThreshold=100000 -XX:Tier4BackEdgeThreshold=400000"
    " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)


def build_session(
    folder: Path, catalogs: Sequence[str], *, serverless: bool, jars: Sequence[str] = ()
) -> SparkSession:
    """Starts Spark with Delta.

    Args:
        folder: Where tables without a location and scratch files go.
        catalogs: Names that three-level names may begin with.
        serverless: Whether the session speaks Spark Connect, and refuses what serverless refuses.
        jars: Maven coordinates of what Spark needs beside Delta, such as the driver of a database.

    Raises:
        JavaError: There is no Java to run on.
        Refusal: A jar cannot be fetched.
    """
    _set_variables()
    folder.mkdir(parents=True, exist_ok=True)
    class_path = os.pathsep.join(map(str, _list_jars((DELTA, *jars))))
    settings = {**SETTINGS, "spark.driver.extraClassPath": class_path, **_get_places(folder)}
    settings |= {f"spark.sql.catalog.{catalog}": DELTA_CATALOG for catalog in catalogs}
    settings |= SERVER if serverless else {}
    builder = SparkSession.builder.master("local[2]").appName("local workspace")
    session = builder.config(map=settings).getOrCreate()
    if not serverless:
        _attach(session._jsparkSession, catalogs)
        return session
    from .connect import connect

    client, behind = connect(session)
    _attach(behind, catalogs)
    return client


def _set_variables() -> None:
    """Sets what the JVM and Spark's workers read of the environment, before either starts."""
    for inherited in ANNOUNCED:
        os.environ.pop(inherited, None)
    os.environ["JAVA_HOME"] = str(find_java())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    use_utc()
    # The JVM sees the variables that it was started with, and outlives a session.
    os.environ.setdefault("SPARK_CONNECT_AUTHENTICATE_TOKEN", token_hex(16))


def use_here(session: SparkSession) -> SparkSession:
    """Makes a session of Connect the active one of this thread; another thread has started it."""
    if is_remote():
        session._set_default_and_active_session(session)
    return session


def adopt_session(session: SparkSession, catalogs: Sequence[str]) -> None:
    """Gives the session of a stream's function what Spark itself leaves out.

    A classic one is a copy, without the catalogs' names. One of Connect is in another process,
    where `SparkSession.builder.getOrCreate` of any library shall find it.
    """
    if is_remote():
        os.environ["SPARK_REMOTE"] = os.environ["SPARK_CONNECT_LOCAL_URL"]
    else:
        _attach(session._jsparkSession, catalogs)


def use_utc() -> None:
    """Times that Spark hands to Python are in the process's zone; Databricks' is UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()


def _get_places(folder: Path) -> dict[str, str]:
    options = f"-Dderby.system.home={_quote(folder)} {QUICK_START} -Dlog4j2.level=error"
    return {
        "spark.sql.warehouse.dir": str(folder / "unnamed"),
        "spark.driver.extraJavaOptions": options,
    }


def _quote(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def _list_jars(needed: Sequence[str]) -> list[Path]:
    # The named ones alone: Spark brings newer versions of what they depend on.
    names = [*DELTA_JARS, *(f"{name.split(':')[0]}_*.jar" for name in needed)]
    jars = fetch_jars(needed)
    return [*dict.fromkeys(jar for name in names for jar in sorted(jars.glob(name)))]


def fetch_jars(needed: Sequence[str]) -> Path:
    """Fetches jars and all that they depend on, once; returns their folder.

    Args:
        needed: Maven coordinates, `group:name:version`.

    Raises:
        Refusal: A jar cannot be fetched.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = home / "spark-jars" / "+".join(name.replace(":", "-") for name in needed)
    if not (cache / COMPLETE).exists():
        print(f"Fetching {', '.join(needed)}, once ...", flush=True)
        _fetch_jars(needed, cache)
    return cache / "jars"


def _fetch_jars(needed: Sequence[str], cache: Path) -> None:
    """Lets Spark's own Ivy fetch jars, in a JVM of its own.

    A JVM does not find the driver of a database among jars that came after the start.
    """
    cache.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", FETCH, ",".join(needed), str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("Exception in thread")]
        told = " ".join(said) or done.stderr.strip()[-2000:]
        raise Refusal(f"{', '.join(needed)} cannot be fetched: {told}")
    (cache / COMPLETE).touch()


def _attach(session: Any, catalogs: Sequence[str]) -> None:
    # Unity Catalog's names have three levels; each catalog here is a name for the same one.
    # Catalogs belong to a session of the JVM.
    manager = session.sessionState().catalogManager()
    for catalog in catalogs:
        manager.catalog(catalog).setDelegateCatalog(manager.catalog("spark_catalog"))
