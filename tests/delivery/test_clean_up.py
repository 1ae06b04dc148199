"""Copies of closed and old pull requests go, those of open ones stay."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import delivery.clean_up
import pytest
from delivery.clean_up import ask_azure_repos, clean_up, find_open
from delivery.commands import DeliveryError
from delivery.model import join_parameters, roll_back_model
from rendered import copy_project
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake


class AzureRepos(BaseHTTPRequestHandler):
    """Answers as Azure Repos does, to the one who has the token."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer token"
        known = "/my%20project/_apis/git/repositories/r1/pullrequests?searchCriteria.status=active"
        self.send_response(200 if allowed and self.path.startswith(known) else 401)
        self.end_headers()
        self.wfile.write(
            json.dumps({"value": [{"pullRequestId": 3}, {"pullRequestId": 5}]}).encode()
        )

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def agent() -> Iterator[dict[str, str]]:
    server = HTTPServer(("127.0.0.1", 0), AzureRepos)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "BUILD_REPOSITORY_PROVIDER": "TfsGit",
        "BUILD_REPOSITORY_ID": "r1",
        "SYSTEM_COLLECTIONURI": f"http://127.0.0.1:{server.server_port}/",
        "SYSTEM_TEAMPROJECT": "my project",
        "SYSTEM_ACCESSTOKEN": "token",
    }
    server.shutdown()


def test_azure_repos_is_asked_with_the_runs_own_token(agent: dict[str, str]) -> None:
    assert set(ask_azure_repos(agent)) == {3, 5}
    with pytest.raises(DeliveryError, match=r"401: Unauthorized.*: nothing was destroyed"):
        list(ask_azure_repos({**agent, "SYSTEM_ACCESSTOKEN": "other"}))


def test_github_is_asked_for_the_merges_of_open_pull_requests(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    for words in (
        ["clone", "-q", "--bare", ".", str(tmp_path / "origin.git")],
        ["remote", "add", "origin", str(tmp_path / "origin.git")],
        ["push", "-q", "origin", "HEAD:refs/pull/12/merge", "HEAD:refs/pull/4/head"],
    ):
        subprocess.run(["git", *words], cwd=project, check=True)
    assert find_open(project, {"BUILD_REPOSITORY_PROVIDER": "GitHub"}) == {12}


def test_where_nobody_knows_what_is_open_nothing_is_destroyed(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="BUILD_REPOSITORY_PROVIDER is None: TfsGit or GitHub"):
        find_open(tmp_path, {})


@pytest.mark.skipif(MISSING, reason=WHY)
def test_closed_and_old_copies_are_destroyed_and_open_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: dict[str, str]
) -> None:
    workspace, project = FakeWorkspace(), point_to_fake(copy_project(tmp_path / "project"))
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    clean_up(project, 14, agent)
    for number in (3, 4, 5):
        clone = point_to_fake(copy_project(tmp_path / f"clone-{number}"))
        monkeypatch.setenv("BUNDLE_VAR_pull_request", str(number))
        workspace.run(clone, "deploy", "-t", "pull_request")
    ages = {3: dt.timedelta(days=1), 4: dt.timedelta(days=1), 5: dt.timedelta(days=15)}
    now = dt.datetime.now(dt.UTC)
    # The fake workspace does not say when a file was changed.
    monkeypatch.setattr(
        delivery.clean_up, "read_time", lambda _, copy: now - ages[int(copy.rpartition("_")[2])]
    )
    clean_up(project, 14, agent)
    assert {name.split("_")[0] for name in workspace.read_jobs()} == {"pr3"}


def test_job_parameters_may_hold_anything() -> None:
    given = {"reason": 'late, "bad" = worse\n$(id)', "by": "ann"}
    assert join_parameters(given) == '"reason=late, ""bad"" = worse\n$(id)","by=ann"'


@pytest.mark.parametrize(("reason", "by", "said"), [("", "ann", "REASON"), ("late", "", "BY")])
def test_a_rollback_says_why_and_by_whom(tmp_path: Path, reason: str, by: str, said: str) -> None:
    with pytest.raises(DeliveryError, match=f"{said} is empty"):
        roll_back_model(tmp_path, "prod", "", reason, by)


@pytest.mark.skipif(MISSING, reason=WHY)
def test_the_rollback_gets_what_was_typed_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, project = FakeWorkspace(), point_to_fake(copy_project(tmp_path / "project"))
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    workspace.run(project, "deploy", "-t", "prod")
    typed = "late, \"bad\" = 'worse' $(id) `id`"
    roll_back_model(project, "prod", " ", typed, "ann")
    (run,) = workspace.ask("GET", "/api/2.2/jobs/runs/list")["runs"]
    given = {p["name"]: p.get("value", p.get("default", "")) for p in run["job_parameters"]}
    assert {"reason": typed, "by": "ann", "model_version": ""}.items() <= given.items()
