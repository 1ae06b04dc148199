"""Copies of closed and old pull requests go, those of open ones stay."""

from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from rendered import USER, copy_project
from workspace import MISSING, WHY, FakeWorkspace, point_to_fake

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.delivery import clean_up as clean_up_module
from bundlework.delivery.clean_up import ask_azure_repos, clean_up, find_open
from bundlework.delivery.workspace import ask_workspace
from bundlework.errors import Refusal


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
    with pytest.raises(Refusal, match=r"401: Unauthorized.*: nothing was destroyed"):
        list(ask_azure_repos({**agent, "SYSTEM_ACCESSTOKEN": "other"}))


def test_without_the_runs_variables_nothing_is_destroyed(agent: dict[str, str]) -> None:
    del agent["SYSTEM_ACCESSTOKEN"]
    with pytest.raises(Refusal, match=r"^SYSTEM_ACCESSTOKEN is not set: pass it as clean-up"):
        ask_azure_repos(agent)


def test_azure_repos_may_not_keep_a_run_waiting(
    agent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up_module, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Refusal, match="timed out: nothing was destroyed"):
            ask_azure_repos({**agent, "SYSTEM_COLLECTIONURI": address})


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
    with pytest.raises(Refusal, match="BUILD_REPOSITORY_PROVIDER is None: TfsGit or GitHub"):
        find_open(tmp_path, {})


@pytest.mark.skipif(MISSING, reason=WHY)
def test_closed_and_old_copies_are_destroyed_and_open_ones_stay(
    workspace: FakeWorkspace,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: dict[str, str],
) -> None:
    monkeypatch.setattr(clean_up_module, "list_schemas", lambda _: iter(()))
    clean_up(project, 14, agent)
    for number in (3, 4, 5):
        clone = point_to_fake(copy_project(tmp_path / f"clone-{number}"))
        monkeypatch.setenv("BUNDLE_VAR_pull_request", str(number))
        workspace.run(clone, "deploy", "-t", "pull_request")
    ages = {3: dt.timedelta(days=1), 4: dt.timedelta(days=1), 5: dt.timedelta(days=15)}
    now = dt.datetime.now(dt.UTC)
    # The fake workspace does not say when a file was changed.
    monkeypatch.setattr(
        clean_up_module, "read_time", lambda _, copy: now - ages[int(copy.rpartition("_")[2])]
    )
    clean_up(project, 14, agent)
    assert {name.split("_")[0] for name in workspace.read_jobs()} == {"pr3"}


SCHEMAS = "/api/2.1/unity-catalog/schemas"
OTHERS = (
    "pr9other_raw",
    "pr9flight_delays_by_hand",
    "pr9flight_delays_raw_too",
    "flight_delays_raw",
)


def show_schemas(workspace: FakeWorkspace, bundle: Bundle, *words: str) -> Any:
    """Stands in for a list, which the fake workspace has not; the person has one of them."""
    if words[0] != "schemas":
        return ask_workspace(bundle, *words)
    parts = ("raw", "features", "models", "predictions", "monitoring")
    names = [*OTHERS, *(f"pr{n}flight_delays_{part}" for n in (3, 9) for part in parts)]
    found = [workspace.ask("GET", f"{SCHEMAS}/dev.{name}") for name in names]
    owners = {"dev.pr9flight_delays_by_hand": "ann@example.com"}
    return [{**s, "owner": owners.get(s["full_name"], USER)} for s in found if s]


@pytest.mark.skipif(MISSING, reason=WHY)
@pytest.mark.parametrize("folder_is_left", [True, False])
def test_what_a_lost_deployment_made_goes_and_nothing_of_others(
    workspace: FakeWorkspace,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: dict[str, str],
    folder_is_left: bool,
) -> None:
    for number in (3, 9):
        clone = point_to_fake(copy_project(tmp_path / f"clone-{number}"))
        copy = ("-t", "pull_request", "--var", f"pull_request={number}")
        workspace.lose_agent(clone, 4, *copy)
    for name in OTHERS:
        workspace.ask("POST", SCHEMAS, {"name": name, "catalog_name": "dev"})
    if not folder_is_left:
        path = f"/Workspace/Users/{USER}/.bundle/flight-delays"
        workspace.ask("POST", "/api/2.0/workspace/delete", {"path": path, "recursive": True})
    show = partial(show_schemas, workspace)
    monkeypatch.setattr(clean_up_module, "ask_workspace", show)
    before = {name for name in workspace.read_jobs() if name.startswith("pr3_")}
    assert before
    clean_up(project, 14, agent)
    assert set(workspace.read_jobs()) == before
    left = {schema["name"] for schema in show(load_bundle(project), "schemas")}
    assert {name for name in left if name.startswith("pr9")} == {*OTHERS[:3]}
    assert {name for name in left if name.startswith("pr3")}
