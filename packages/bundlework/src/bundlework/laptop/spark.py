"""One Spark session with Delta, set up for small data and a quick start."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from .java import find_java

DELTA = "io.delta:delta-spark_4.1_2.13:4.4.0"
DELTA_JARS = ("io.delta_*.jar", "io.unitycatalog_*.jar")
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

# Most of Spark's code runs here once or twice: compiling it to fast code, verifying what was
# published long ago, and growing the memory step by step costs more than it saves.
QUICK_START = (
    "-XX:+UseSerialGC -XX:-UsePerfData -Xms1g -Xmn600m -XX:MetaspaceSize=400m"
    " -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=20000"
    " -XX:Tier4CompileThreshold=100000 -XX:Tier4BackEdgeThreshold=400000"
    " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)


def build_session(folder: Path, catalogs: Sequence[str]) -> SparkSession:
    """Starts Spark with Delta.

    Args:
        folder: Where tables without a location and scratch files go.
        catalogs: Names that three-level names may begin with.

    Raises:
        JavaError: There is no Java to run on.
    """
    os.environ["JAVA_HOME"] = str(find_java())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    use_utc()
    folder.mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder.master("local[2]").appName("local workspace")
    for name, value in {**SETTINGS, **_get_jars(), **_get_places(folder)}.items():
        builder = builder.config(name, value)
    for catalog in catalogs:
        builder = builder.config(f"spark.sql.catalog.{catalog}", DELTA_CATALOG)
    session = builder.getOrCreate()
    _get_complete_marker().touch()
    _attach(session, catalogs)
    return session


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


def _get_cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "spark-jars" / DELTA.replace(":", "-")


def _get_complete_marker() -> Path:
    return _get_cache() / "complete"


def _get_jars() -> dict[str, str]:
    # Resolved by Spark's own Ivy once; asking it again costs seconds at every start.
    if _get_complete_marker().exists():
        # Delta's own only: Spark brings newer versions of what they depend on.
        jars = [jar for name in DELTA_JARS for jar in sorted((_get_cache() / "jars").glob(name))]
        return {"spark.driver.extraClassPath": os.pathsep.join(map(str, jars))}
    print("Fetching Delta's jars, once ...", flush=True)
    _get_cache().mkdir(parents=True, exist_ok=True)
    return {"spark.jars.packages": DELTA, "spark.jars.ivy": str(_get_cache())}


def _attach(session: SparkSession, catalogs: Sequence[str]) -> None:
    # Unity Catalog's names have three levels; each catalog here is a name for the same one.
    manager = session._jsparkSession.sessionState().catalogManager()
    for catalog in catalogs:
        manager.catalog(catalog).setDelegateCatalog(manager.catalog("spark_catalog"))
