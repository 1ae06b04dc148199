"""What must happen when: for each event, the pipelines it starts and the verbs they call."""

from __future__ import annotations

from runs import Event

TEST = ["test/check", "test/test", "test/run"]
REPORTED = [*TEST, "test/report"]
COPY = ["copy/cli", "copy/deploy", "copy/integration", "copy/destroy"]
STAGING = [*TEST] + [
    f"deploy/{verb}" for verb in ("cli", "deploy", "start", "verify", "integration")
]
PLANNED = ["build/wheel", "plan/cli", "plan/check-version", "plan/plan"]
DEPLOYED = [
    f"deploy/{verb}" for verb in ("cli", "check-version", "deploy", "start", "verify", "tag")
]
RETURNED = [
    "build/wheel", "plan/cli", "plan/plan", "deploy/cli", "deploy/deploy", "deploy/start",
    "deploy/verify",
]  # fmt: skip
MODEL = ["model/cli", "model/roll-back-model"]


def by_hand(pipeline: str, branch: str, **parameters: str) -> Event:
    """A run that somebody starts."""
    return Event("manual", branch, pipeline=pipeline, parameters=parameters)


Started = dict[str, list[str]]
EVENTS: dict[str, tuple[Event, Started]] = {
    "pull request from a branch": (Event("pull_request"), {"pull-request": REPORTED + COPY}),
    "pull request for a release branch": (
        Event("pull_request", "release/1.2"),
        {"pull-request": REPORTED + COPY},
    ),
    "pull request from a fork": (Event("pull_request", fork=True), {"pull-request": REPORTED}),
    "pull request whose tests fail": (
        Event("pull_request", fails="test"),
        {"pull-request": ["test/check", "test/test", "test/report"]},
    ),
    "pull request whose deployment fails": (
        Event("pull_request", fails="deploy"),
        {"pull-request": [*REPORTED, "copy/cli", "copy/deploy", "copy/destroy"]},
    ),
    "pull request whose integration test fails": (
        Event("pull_request", fails="integration"),
        {"pull-request": REPORTED + COPY},
    ),
    "pull request cancelled while it deploys": (
        Event("pull_request", cancelled_at="deploy"),
        {"pull-request": [*REPORTED, "copy/cli", "copy/deploy", "copy/destroy"]},
    ),
    "pull request cancelled while it tests": (
        Event("pull_request", cancelled_at="test"),
        {"pull-request": ["test/check", "test/test"]},
    ),
    "push to a branch": (Event("push", "feature/x"), {}),
    "merge to main": (Event("push", "main"), {"deploy-staging": STAGING}),
    "merge to main whose tests fail": (
        Event("push", "main", fails="test"),
        {"deploy-staging": ["test/check", "test/test"]},
    ),
    "merge to main whose integration test fails": (
        Event("push", "main", fails="integration"),
        {"deploy-staging": STAGING},
    ),
    "push to release/1.2": (Event("push", "release/1.2"), {"deploy-prod": PLANNED + DEPLOYED}),
    "push of an older release": (
        Event("push", "release/1.1", fails="check-version"),
        {"deploy-prod": ["build/wheel", "plan/cli", "plan/check-version"]},
    ),
    "release whose plan loses data": (
        Event("push", "release/1.2", fails="plan"),
        {"deploy-prod": PLANNED},
    ),
    "release whose plan changed": (
        Event("push", "release/1.2", fails="deploy"),
        {"deploy-prod": PLANNED + DEPLOYED[:3]},
    ),
    "release whose deployment is wrong": (
        Event("push", "release/1.2", fails="verify"),
        {"deploy-prod": PLANNED + DEPLOYED[:-1]},
    ),
    "release cancelled after its plan": (
        Event("push", "release/1.2", cancelled_at="plan"),
        {"deploy-prod": PLANNED},
    ),
    "push of a tag": (Event("tag", "v1.2.0"), {}),
    "night": (Event("schedule"), {"clean-up": ["only/cli", "only/clean-up"]}),
    "night on a release branch": (Event("schedule", "release/1.2"), {}),
    "deploy-prod by hand on main": (by_hand("deploy-prod", "main"), {"deploy-prod": []}),
    "deploy-prod by hand on a release": (
        by_hand("deploy-prod", "release/1.2"),
        {"deploy-prod": PLANNED + DEPLOYED},
    ),
    "deploy-staging by hand on a branch": (
        by_hand("deploy-staging", "feature/x"),
        {"deploy-staging": TEST},
    ),
    "pull-request by hand": (by_hand("pull-request", "feature/x"), {"pull-request": TEST}),
    "clean-up by hand": (
        by_hand("clean-up", "main"),
        {"clean-up": ["only/cli", "only/clean-up"]},
    ),
    "rollback of a release": (
        by_hand("rollback", "release/1.1", what="release"),
        {"rollback": RETURNED},
    ),
    "rollback of the model": (
        by_hand("rollback", "release/1.1", what="model"),
        {"rollback": MODEL},
    ),
    "rollback on main": (by_hand("rollback", "main", what="release"), {"rollback": []}),
    "rollback of the model on main": (by_hand("rollback", "main", what="model"), {"rollback": []}),
}
