"""Runs the steps of a pipeline, as an agent would, and keeps a log that a person can follow."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events import EVENTS
from identity import WORKSPACE_VERBS
from reader import get_option, get_script, get_verb, read_pipeline
from runs import Event, play
from stage import Stage

# What does a workspace verb's work on this machine, where there is no workspace.
STAND_INS = {
    "integration": "make run JOB=integration_test AS_OF=2013-04-01",
    "start": "make run JOB=setup AS_OF=2013-04-01",
}
# What starts a job; the fake workspace notes the run and executes nothing.
RUNNING_VERBS = {*STAND_INS, "roll-back-model"}
MACROS = {"$(System.AccessToken)": "none", "$(Build.RequestedFor)": "Rehearsal"}
# A release asks for its runs.
STAGING = "deploy-staging"
# How each host tells the number of a pull request; GitHub has an id of another kind beside it.
NUMBERS = {
    "azure_repos": {"SYSTEM_PULLREQUEST_PULLREQUESTID": "7"},
    "github": {
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "900700",
        "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "7",
    },
}
# The agent has a cache of its own, and Azure for an identity.
NOT_HERE = ("DATABRICKS_AUTH_TYPE", "UV_CACHE_DIR")


@dataclass
class Player:
    """Plays events on a stage.

    Attributes:
        host: The answer repo_host.
        without: Verbs that are left out.
        faults: What went otherwise than it should.
    """

    stage: Stage
    host: str
    without: frozenset[str] = frozenset()
    faults: list[str] = field(default_factory=list)
    steps: int = 0

    def play(
        self, what: str, pipeline: str, after: Mapping[str, Callable[[], None]] | None = None
    ) -> None:
        """Runs a pipeline for an event of the table, and compares what it calls with the table.

        Args:
            after: What happens once a verb has run.
        """
        event, expected = EVENTS[what]
        print(f"\n== {what}: {pipeline}.yml on {self.stage.git('log', '-1', '--format=%h %s')}")
        file = self.stage.clone / f".azure-pipelines/{pipeline}.yml"
        given = event.parameters if event.pipeline == pipeline else {}
        outcomes: list[str] = []

        def execute(step: dict[str, Any]) -> str:
            outcomes.append(self.execute(step, event, after or {}))
            return outcomes[-1]

        called = play(read_pipeline(file, given), event, execute)
        self.expect("it runs what the table says", called == expected[pipeline])
        if pipeline == STAGING and set(outcomes) == {"succeeded"}:
            self.stage.vouch()

    def expect(self, what: str, holds: bool) -> None:
        """Notes whether something holds that should."""
        print(f"   {'so it is' if holds else 'NOT SO'}: {what}")
        if not holds:
            self.faults.append(what)

    def expect_there(self, what: str, holds: Callable[[], bool]) -> None:
        """Notes it where there is a workspace to look into."""
        if self.stage.workspaces:
            self.expect(what, holds())

    def execute(
        self, step: dict[str, Any], event: Event, after: Mapping[str, Callable[[], None]]
    ) -> str:
        """Runs a step: succeeded, failed or cancelled."""
        verb, inputs = get_verb(step), step.get("inputs", {})
        if "checkout" in step:
            self.stage.git("clean", "-ffdxq", "-e", ".venv", "-e", ".tools")
        if step.get("task") == "PublishPipelineArtifact@1":
            self.pass_on(self.stage.clone / inputs["targetPath"], self.artifact(inputs))
        if step.get("task") == "DownloadPipelineArtifact@2":
            self.pass_on(self.artifact(inputs), self.stage.clone / inputs["targetPath"])
        outcome = self.call(step, event) if verb else "succeeded"
        after.get(verb, lambda: None)()
        return outcome

    def artifact(self, inputs: dict[str, Any]) -> Path:
        return self.stage.folder / "artifacts" / inputs["artifactName"]

    def pass_on(self, source: Path, destination: Path) -> None:
        if not source.exists() and not self.stage.workspaces:
            # A plan is made by a workspace alone.
            return
        shutil.rmtree(destination, ignore_errors=True)
        shutil.copytree(source, destination)

    def call(self, step: dict[str, Any], event: Event) -> str:
        """Calls a verb, or what stands in for it."""
        verb, script = get_verb(step), get_script(step)
        stand_in = self.find_stand_in(step)
        if stand_in.startswith("make"):
            print(f"   {script}\n      here: {stand_in}", flush=True)
        elif stand_in:
            print(f"   {script}\n      {stand_in}", flush=True)
            return "succeeded"
        else:
            print(f"   {script}", end="", flush=True)
        began = time.monotonic()
        code = self.run(stand_in or script, step, event)
        outcome = "succeeded" if code == 0 else "failed"
        if code and verb == event.cancelled_at:
            outcome = "cancelled"
        print(f" ... {outcome}, {time.monotonic() - began:.0f} s", flush=True)
        if verb in RUNNING_VERBS and self.stage.workspaces:
            print("      the fake workspace answered; no task ran", flush=True)
        if code and verb not in (event.fails, event.cancelled_at):
            print(self.log.read_text()[-2000:])
        return outcome

    def find_stand_in(self, step: dict[str, Any]) -> str:
        """What is done instead of a verb, or why nothing is; empty when it is called itself."""
        verb = get_verb(step)
        if verb in self.without:
            return "left out"
        if verb == "cli" and self.stage.workspaces:
            return "the databricks on PATH serves"
        if verb == "cli" or (verb in WORKSPACE_VERBS and not self.stage.workspaces):
            target = get_option(step, "TARGET")
            known = STAND_INS.get(verb, "")
            return f"{known} TARGET={target}" if known else "left out: it needs a workspace"
        return ""

    @property
    def log(self) -> Path:
        return self.stage.folder / "log" / f"{self.steps:02}.txt"

    def run(self, script: str, step: dict[str, Any], event: Event) -> int:
        """Runs a script with what its step has in the environment; its exit code."""
        self.steps += 1
        self.log.parent.mkdir(exist_ok=True)
        environment = {**self.stage.environment, **self.get_identity(step)}
        if event.kind == "pull_request":
            environment |= NUMBERS[self.host]
        for name, value in step.get("env", {}).items():
            if name not in NOT_HERE:
                environment[name] = MACROS.get(value, value)
        with self.log.open("w") as log:
            words = ["bash", "-e", "-c", script]
            return subprocess.call(
                words, cwd=self.stage.clone, env=environment, stdout=log, stderr=log
            )

    def get_identity(self, step: dict[str, Any]) -> dict[str, str]:
        """The token that the step's connection gives; none without a connection."""
        connection = step.get("inputs", {}).get("azureSubscription", "")
        target = re.sub(r".*-", "", connection)
        if target not in self.stage.workspaces:
            return {}
        known = self.stage.workspaces[target].environment
        names = ("DATABRICKS_HOST", "DATABRICKS_TOKEN")
        # Lets the fake workspace kill the CLI.
        return {**{name: known[name] for name in names}, "DATABRICKS_CLI_TEST_PID": "1"}
