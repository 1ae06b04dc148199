"""Where the pipelines are rehearsed: a clean clone, its origin, and a workspace for each target."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from workspace import MISSING, FakeWorkspace, point_to_fake

TRAINING = "resources/training.job.yml"
TARGETS = ("dev", "staging", "prod")
# The release asks it which commits staging has succeeded with.
AZ = """#!/bin/sh
cat '%s'
"""
# The fake workspace does not list schemas.
DATABRICKS = """#!/bin/sh
[ "$1 $2" = "schemas list" ] && echo '[]' && exit
exec '%s' "$@"
"""


class Stage:
    """A project under development, with what surrounds it."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder, self.clone, self.changes = folder, folder / project.name, 0
        shutil.rmtree(folder, ignore_errors=True)
        self.workspaces = {} if MISSING else {target: FakeWorkspace() for target in TARGETS}
        source = shutil.copytree(project, folder / "source", ignore=shutil.ignore_patterns(".*env"))
        if self.workspaces:
            point_to_fake(source)
        origin = folder / "origin.git"
        run(folder, "git", "clone", "--quiet", "--bare", str(source), str(origin))
        run(folder, "git", "clone", "--quiet", str(origin), str(self.clone))
        for name, value in (("name", "Rehearsal"), ("email", "tester@databricks.com")):
            run(self.clone, "git", "config", f"user.{name}", value)
        self.runs = folder / "runs.json"
        self.runs.write_text("[]")
        (folder / "bin").mkdir()
        programs = {"az": AZ % self.runs}
        if self.workspaces:
            programs["databricks"] = DATABRICKS % shutil.which("databricks")
        for name, text in programs.items():
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """What every step has on an agent; none of it is an identity."""
        own = {"TF_BUILD": "True", "CI": "true", "BUILD_REPOSITORY_PROVIDER": "GitHub"}
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        deployer = {"BUNDLE_VAR_deployer": "tester@databricks.com"}
        here = {k: v for k, v in os.environ.items() if not k.startswith("DATABRICKS_")}
        return {**here, **own, **deployer, "PATH": path, "VIRTUAL_ENV": ""}

    def git(self, *words: str) -> str:
        """What git answers in the clone."""
        return run(self.clone, "git", *words)

    def go_to(self, branch: str) -> None:
        """Switches to a branch."""
        self.git("switch", "--quiet", branch)

    def propose(self, text: str, timeout: int) -> None:
        """A pull request that changes a job; the clone then holds its merge with main."""
        self.go_to("main")
        self.changes += 1
        branch = f"change-{self.changes}"
        self.git("switch", "--quiet", "--create", branch)
        job, changelog = self.clone / TRAINING, self.clone / "CHANGELOG.md"
        job.write_text(
            re.sub(r"timeout_seconds: \d+", f"timeout_seconds: {timeout}", job.read_text())
        )
        said = changelog.read_text().replace("## Unreleased\n", f"## Unreleased\n\n- {text}\n", 1)
        changelog.write_text(said)
        run(self.clone, "make", "docs")
        self.git("commit", "--quiet", "--all", "--message", text)
        self.git("push", "--quiet", "origin", branch)
        self.git("switch", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "--no-edit", branch)

    def merge(self) -> None:
        """Completes the pull request."""
        self.go_to("main")
        self.git("merge", "--quiet", "--no-ff", "--no-edit", f"change-{self.changes}")
        self.git("push", "--quiet", "origin", "main")

    def vouch(self) -> None:
        """Notes that deploy-staging has succeeded with this commit."""
        pipeline = {"name": f"{self.clone.name}-deploy-staging"}
        run = {"definition": pipeline, "sourceVersion": self.git("rev-parse", "HEAD")}
        self.runs.write_text(json.dumps([*json.loads(self.runs.read_text()), run]))

    def release(self, version: str) -> None:
        """Cuts a release branch, and merges it back; the clone then holds the branch."""
        self.go_to("main")
        run(self.clone, "make", "release", f"VERSION={version}", environment=self.environment)
        self.go_to("main")
        self.git("merge", "--quiet", "--no-edit", f"release/{version}")
        self.git("push", "--quiet", "origin", "main")
        self.go_to(f"release/{version}")

    def refuses_release(self, version: str) -> bool:
        """Whether no release can be cut, since staging has not succeeded with main."""
        try:
            self.release(version)
        except RuntimeError as refusal:
            return "deploy-staging has not succeeded with" in str(refusal)
        return False

    def list_tags(self) -> list[str]:
        """The tags of the origin."""
        found = run(self.folder / "origin.git", "git", "tag", "--list")
        return found.split()

    def get_jobs(self, target: str, prefix: str = "") -> dict[str, Any]:
        """The jobs of a workspace whose name begins with `prefix`."""
        jobs = self.workspaces[target].read_jobs()
        return {name: job for name, job in jobs.items() if name.startswith(prefix)}

    def get_timeout(self) -> int:
        """What prod has of the value that the changes change."""
        return self.get_jobs("prod")["training"]["timeout_seconds"]

    def disturb(self, target: str, kind: str, call: str, after: int = 0) -> None:
        """Lets a workspace refuse a call once (fault), or kill who makes it (kill).

        Args:
            after: How many such calls are let pass before.
        """
        fault = {"pattern": call, "times": 1, "offset": after}
        answer = {"status_code": 400, "body": '{"error_code": "BAD_REQUEST", "message": "no"}'}
        body = {**fault, **answer} if kind == "fault" else fault
        self.workspaces[target].ask("POST", f"/__testserver/{kind}", body)

    def leave_copy(self, number: int) -> None:
        """What a run leaves that is cancelled and never destroys."""
        known = {**self.workspaces["dev"].environment, **self.environment}
        known["SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"] = str(number)
        run(self.clone, "make", "deploy", "TARGET=pull_request", environment=known)

    def meddle(self) -> None:
        """Somebody changes a job of prod by hand."""
        prod = self.workspaces["prod"]
        jobs = prod.ask("GET", "/api/2.2/jobs/list")["jobs"]
        (job,) = [job for job in jobs if job["settings"]["name"] == "training"]
        settings = {**prod.read_jobs()["training"], "timeout_seconds": 60}
        body = {"job_id": job["job_id"], "new_settings": settings}
        prod.ask("POST", "/api/2.2/jobs/reset", body)


def run(folder: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    """What a program prints.

    Raises:
        RuntimeError: It failed.
    """
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()
