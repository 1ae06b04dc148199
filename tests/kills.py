"""Kills runs at many moments, runs again, and compares with an undisturbed run.

Called in the folder of a rendered project: `python kills.py JOB [KILLS]`, JOB being lifecycle,
validation, rollback, batch_inference, streaming, or ingestion, which is the smallest.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

# The dates of the demo: the gate accepts a version of each.
FIRST, SECOND = "2013-05-13", "2013-06-10"
# The day after the first champion: more examples arrive, and more are to be predicted.
NEXT = "2013-05-14"
# The jobs that are killed, and the dates they run for.
JOBS = {
    "ingestion": "2013-02-01",
    "lifecycle": f"{FIRST},{SECOND}",
    "validation": SECOND,
    "rollback": SECOND,
    "batch_inference": NEXT,
    "streaming": NEXT,
}
# A rollback names where it returns to, so that its repetition means the same.
BACK = ["--param", "model_version=1", "--param", "reason=drill", "--param", "by=drill"]
MORE = defaultdict(list, {"rollback": BACK})
# Checks that measure the machine, and those that name a run or its files: new when it trains again.
MEASURED, OF_TRAINING = ("time", "memory"), ("artifact", "model_card")
# Reads what a run left. MLflow's run ids, Delta's versions and times are new whenever work is
# repeated, and so is what the checks given after the folder say.
READ = """
NEW = (
    "run_id", "request", "table_version", "inputs", "judged_at", "seconds", "evidence",
    "changed_at", "scored_at", "written_at", "stream",
)
import json, sys
from pathlib import Path
from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.catalogs import hash_rows
from bundlework.laptop.workspace import open_workspace
from pyspark.sql import functions as F
CHANGING = sys.argv[2:]
bundle = load_bundle(Path.cwd())
workspace = open_workspace(bundle, Path(sys.argv[1]))
bound = workspace.bind(read_contract(Path.cwd()).workspace, None)
found = {}
for schema in bundle.schemas:
    for table in bound.spark.catalog.listTables(schema.split(".")[1]):
        rows = bound.spark.table(f"{schema}.{table.name}").drop(*NEW)
        if "check" in rows.columns:
            same = ~F.col("check").isin(*CHANGING)
            for name in ("value", "reason"):
                rows = rows.withColumn(name, F.when(same, rows[name]))
        found[f"{schema}.{table.name}"] = hash_rows(rows)
for model in bound.mlflow.search_registered_models():
    for version in bound.mlflow.search_model_versions(f"name = '{model.name}'"):
        tags = [version.tags.get(tag) for tag in ("as_of", "state", "verdict", "verdict_reason")]
        metrics = bound.mlflow.get_run(version.run_id).data.metrics
        kept = {k: v for k, v in metrics.items() if k.removeprefix("evaluation_") not in CHANGING}
        files = [file.path for file in bound.mlflow.list_artifacts(version.run_id)]
        found[f"version {version.version}"] = [tags, kept, files]
    found["aliases"] = model.aliases
print("FOUND " + json.dumps(found, sort_keys=True, default=str))
"""


def start(state: Path, job: str, dates: str) -> subprocess.Popen[bytes]:
    """Starts the run in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "bundlework",
        "run",
        "--job",
        job,
        "--as-of",
        dates,
        *MORE[job],
    ]
    environment = {**os.environ, "LOCAL_WORKSPACE": str(state)}
    return subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )


def finish(state: Path, job: str, dates: str) -> float:
    """Runs to the end; the seconds it took."""
    began = time.monotonic()
    if start(state, job, dates).wait():
        log = (state / "log.txt").read_text().splitlines()
        raise SystemExit("\n".join(["the run failed:", *log[-20:]]))
    return time.monotonic() - began


def read(state: Path, job: str) -> dict[str, Any]:
    """Row counts and hashes of all tables, versions and aliases."""
    changing = (*MEASURED, *OF_TRAINING) if job == "lifecycle" else MEASURED
    command = [sys.executable, "-c", READ, str(state), *changing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("FOUND ")]
    return json.loads(line.removeprefix("FOUND "))


def kill_after(state: Path, job: str, dates: str, seconds: float) -> None:
    """Starts a run and kills it, the JVM included.

    Raises:
        SystemExit: It had ended by itself.
    """
    running = start(state, job, dates)
    time.sleep(seconds)
    if running.poll() is not None:
        raise SystemExit(f"the run ended within {seconds:.0f} s: kill it earlier")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def prepare(state: Path, job: str) -> None:
    """Brings a new workspace to where the job begins: the lifecycle at nothing."""
    if job == "ingestion":
        finish(state, "setup", JOBS[job])
    elif job == "validation":
        finish(state, "lifecycle", FIRST)
        for before in ("ingestion", "features", "training"):
            finish(state, before, JOBS[job])
    elif job in ("batch_inference", "streaming"):
        finish(state, "lifecycle", FIRST)
        for before in ("ingestion", "features"):
            finish(state, before, JOBS[job])
    elif job == "rollback":
        finish(state, "lifecycle", JOBS["lifecycle"])


def main() -> int:
    """Prints each kill and what differed; the number of differences is the exit code."""
    job = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    dates, differences = JOBS[job], 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        begun, undisturbed = Path(scratch) / "begun", Path(scratch) / "undisturbed"
        begun.mkdir()
        prepare(begun, job)
        shutil.copytree(begun, undisturbed)
        seconds = finish(undisturbed, job, dates)
        expected = read(undisturbed, job)
        print(f"undisturbed: {seconds:.0f} s, {len(expected)} facts", flush=True)
        for kill in range(kills):
            state, moment = Path(scratch) / f"kill-{kill}", 0.95 * seconds * (kill + 0.7) / kills
            shutil.copytree(begun, state)
            kill_after(state, job, dates, moment)
            finish(state, job, dates)
            found = read(state, job)
            wrong = [n for n in {*expected, *found} if expected.get(n) != found.get(n)]
            differences += bool(wrong)
            print(f"killed after {moment:.0f} s: {', '.join(sorted(wrong)) or 'equal'}", flush=True)
            shutil.rmtree(state, ignore_errors=True)
    print(f"{job}: {kills} kills, {differences} differences")
    return differences


if __name__ == "__main__":
    sys.exit(main())
