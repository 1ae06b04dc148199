"""The real Databricks CLI, and the fake workspace that it has for its own tests.

The tests need `databricks` on PATH and the fake workspace's address in FAKE_WORKSPACE.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

from rendered import USER, commit

ADDRESS = os.environ.get("FAKE_WORKSPACE", "")
MISSING = not (shutil.which("databricks") and ADDRESS)
WHY = "needs databricks on PATH, and its fake workspace's address in FAKE_WORKSPACE"
WAREHOUSE = "Serverless Starter Warehouse"


class FakeWorkspace:
    """A workspace of its own; each token has one."""

    def __init__(self) -> None:
        self.token = uuid4().hex
        answer = self.ask("POST", "/api/2.0/sql/warehouses", {"name": WAREHOUSE})
        self.warehouse = answer["id"]

    @property
    def environment(self) -> dict[str, str]:
        """What the CLI needs to find it."""
        known = {"DATABRICKS_HOST": ADDRESS, "DATABRICKS_TOKEN": self.token}
        return {**os.environ, **known, "BUNDLE_VAR_deployer": USER, "CI": "true"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """An answer of its API; None when there is no such thing."""
        headers = {"Authorization": f"Bearer {self.token}"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(ADDRESS + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def run(self, project: Path, *words: str, fails: bool = False) -> str:
        """What `databricks bundle ...` says."""
        command = ["databricks", "bundle", *words]
        done = subprocess.run(
            command, cwd=project, env=self.environment, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return done.stdout if "json" in words else said

    def try_to(self, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """What came of `databricks bundle ...`, which may be killed by the workspace."""
        command = ["databricks", "bundle", *words]
        environment = {**self.environment, "DATABRICKS_CLI_TEST_PID": "1"}
        return subprocess.run(
            command,
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def lose_agent(self, project: Path, made: int, *words: str) -> None:
        """A deployment that is killed in the middle; its clone goes, with all it knew."""
        kill = {"pattern": "POST /api/2.2/jobs/create", "offset": made, "times": 1}
        self.ask("POST", "/__testserver/kill", kill)
        assert self.try_to(project, "deploy", *words).returncode == -signal.SIGKILL
        shutil.rmtree(project)

    def read_jobs(self) -> dict[str, Any]:
        """The settings of its jobs by name, without ids."""
        listed = self.ask("GET", "/api/2.2/jobs/list").get("jobs", [])
        ids = [job["job_id"] for job in listed]
        found = [self.ask("GET", f"/api/2.2/jobs/get?job_id={i}")["settings"] for i in ids]
        return {settings["name"]: settings for settings in found}


def point_to_fake(project: Path) -> Path:
    """Every target to the fake workspace; a CLI built from source has no version to compare."""
    main = project / "databricks.yml"
    text = re.sub(r"https://adb-\S+\.azuredatabricks\.net", ADDRESS, main.read_text())
    main.write_text(re.sub(r"  databricks_cli_version: .*\n", "", text))
    commit(project)
    return project
