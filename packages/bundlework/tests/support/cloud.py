"""A cloud that is full of other people's things, as the programs of the setup see it.

Each service sifts as its documentation says; then `--query` does, in the language of the Azure CLI.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import jmespath

MINE, THEIRS = 7, 13
MAKING = (" create", " add ", " post ", " patch ", " put ", " update ", "POST")
KNOWN = (
    "tenantId",
    "project show",
    "Issuer",
    "Subject",
    "databricks workspace list",
    "teams/",
    "scim/v2/Groups",
)
BRANCH_CONTROL = "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b"
Words = tuple[str, ...]


def is_making(call: str) -> bool:
    """Whether a call makes or changes something."""
    return any(word in call for word in MAKING)


def make_check(function: str, branches: str) -> dict[str, Any]:
    """A check of a connection that somebody added by hand."""
    settings = {"definitionRef": {"id": function}, "inputs": {"allowedBranches": branches}}
    return {"id": THEIRS, "type": {"name": "Task Check"}, "settings": settings}


def make_policy(kind: str, repository: int, branch: str) -> dict[str, Any]:
    """A policy of another pipeline or another repository."""
    scope = {"repositoryId": repository, "refName": f"refs/heads/{branch}"}
    settings = {"scope": [scope], "buildDefinitionId": THEIRS}
    return {"id": THEIRS, "type": {"displayName": kind}, "settings": settings}


OTHER_CHECKS = [make_check("another function", ""), make_check(BRANCH_CONTROL, "*")]
OTHER_POLICIES = [
    make_policy(kind, repository, branch)
    for kind, repository in (("Build", MINE), ("Minimum number of reviewers", THEIRS))
    for branch in ("main", "release")
]


class Cloud:
    """Answers calls; what was made is found by the next question.

    Attributes:
        calls: What was called, in order.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._checks: list[dict[str, Any]] = []
        self._privileges: dict[str, list[str]] = defaultdict(lambda: ["USE_CATALOG"])
        self._groups: dict[str, str] = {}
        self._made = False
        # What found a thing that was made, and the thing's id.
        self._known: dict[str, str] = {}

    @property
    def made(self) -> list[str]:
        """The calls that made something."""
        return [call for call in self.calls if is_making(call)]

    def ask(self, root: Path, *words: str) -> str:
        """What a program prints."""
        call = " ".join(words)
        self.calls.append(call)
        if is_making(call):
            self._make(words)
            return ""
        if self._made:
            self._known[call] = f"{MINE}{len(self._known)}"
        self._made = False
        return self._find(words, call)

    def _make(self, words: Words) -> None:
        if "checks/configurations" in " ".join(words):
            body = json.loads(words[words.index("--body") + 1])
            self._checks.append({"id": MINE, **body})
        elif "grants" in words:
            (change,) = json.loads(words[words.index("--json") + 1])["changes"]
            self._privileges[words[4]] += change["add"]
        else:
            self._made = True

    def _find(self, words: Words, call: str) -> str:
        if "grants" in words:
            return json.dumps(
                {"privilege_assignments": [{"privileges": self._privileges[words[4]]}]}
            )
        if "checks/configurations" in call:
            return query(words, {"value": self._list_checks(call)})
        if "scim/v2/Groups" in call:
            name = call.partition("displayName eq ")[2].partition('"')[2].partition('"')[0]
            return self._groups.setdefault(name, f"{MINE}{len(self._groups)}")
        found = query(words, list_others(words, call))
        given = str(MINE) if any(part in call for part in KNOWN) else ""
        return found or self._known.get(call, given)

    def _list_checks(self, call: str) -> list[dict[str, Any]]:
        """Those of a resource, without what they ask unless that is wanted."""
        kind, number = re.findall(r"resourceType=(\w+)&resourceId=(\w+)", call)[0]
        own = [c for c in self._checks if c["resource"] == {"type": kind, "id": number}]
        hidden = () if "$expand=settings" in call else ("settings",)
        return [{k: v for k, v in c.items() if k not in hidden} for c in OTHER_CHECKS + own]


def list_others(words: Words, call: str) -> Any:
    """What others have, of what is asked for."""
    if "ad app list" in call:
        # A display name may go on; what a filter calls equal is.
        return [] if "--filter" in words else [{"appId": THEIRS}]
    if "distributedtask/environments" in call:
        (name,) = re.findall(r"\?name=([\w-]+)", call)
        return {"value": [{"id": THEIRS, "name": f"{name}-old"}]}
    if "repos policy list" in call:
        repositories = [MINE] if f"--repository-id {MINE}" in call else [MINE, THEIRS]
        scopes = [(policy["settings"]["scope"][0], policy) for policy in OTHER_POLICIES]
        return [policy for scope, policy in scopes if scope["repositoryId"] in repositories]
    return None


def query(words: Words, answer: Any) -> str:
    """What the Azure CLI prints of an answer."""
    wanted = words[words.index("--query") + 1] if "--query" in words else "@"
    found = jmespath.search(wanted, answer)
    return "" if found is None else str(found)
