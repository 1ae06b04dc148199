"""A plan is shown to a person, and compared with the one that was reviewed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bundlework.delivery.plan import describe_plan, find_differences, read_plan, save_plan


def make_update(new: int = 60) -> dict[str, Any]:
    changed = {"action": "update", "old": 7200, "new": new, "remote": 7200}
    skipped = {"action": "skip", "reason": "empty"}
    return {"action": "update", "changes": {"timeout_seconds": changed, "tags": skipped}}


PLAN = {
    "resources.jobs.training": make_update(),
    "resources.jobs.setup": {"action": "skip"},
    "resources.schemas.raw": {"action": "create", "new_state": {"value": {"name": "raw"}}},
}


def make_plan(serial: int = 1, **changed: Any) -> str:
    planned = {**PLAN, **{f"resources.{k.replace('__', '.')}": v for k, v in changed.items()}}
    return json.dumps({"plan_version": 2, "serial": serial, "lineage": "x", "plan": planned})


def test_the_page_says_what_changes_and_how(tmp_path: Path) -> None:
    page = save_plan(make_plan(), "prod", tmp_path / "plan").read_text()
    assert "# What a deployment to prod would do" in page
    assert "| update | `jobs.training` | `timeout_seconds: 7200 → 60` |" in page
    assert "| create | `schemas.raw` |" in page
    assert "setup" not in page


def test_the_page_says_what_is_created(tmp_path: Path) -> None:
    grants = [{"principal": "readers", "privileges": ["SELECT"]}]
    made = {"action": "create", "new_state": {"value": {"grants": grants}}}
    text = make_plan(schemas__raw__grants=made)
    page = save_plan(text, "prod", tmp_path / "plan").read_text()
    block = r"<summary>create (\S+)</summary>\n\n```json\n(.*?)\n```\n"
    shown = dict(re.findall(block, page, re.DOTALL))
    assert {name: json.loads(definition) for name, definition in shown.items()} == {
        "schemas.raw": {"name": "raw"},
        "schemas.raw.grants": {"grants": grants},
    }


def test_a_long_definition_is_shortened(tmp_path: Path) -> None:
    made = {"action": "create", "new_state": {"value": {"description": "x" * 10_000}}}
    page = save_plan(make_plan(jobs__long=made), "prod", tmp_path / "plan").read_text()
    assert "x...\n```\n</details>" in page
    assert len(page) < 6_000


def test_a_grant_that_differs_is_told_by_its_field() -> None:
    reviewed, planned = (
        make_plan(
            schemas__raw__grants={
                "action": "create",
                "new_state": {"value": {"grants": [{"principal": "a", "privileges": [may]}]}},
            }
        )
        for may in ("SELECT", "MODIFY")
    )
    (line,) = find_differences(read_plan(reviewed), read_plan(planned))
    assert 'grants.a.privileges.0: "SELECT" → "MODIFY"' in line


def test_an_empty_plan_says_so() -> None:
    assert "the workspace is as the bundle says" in "\n".join(describe_plan([]))


def test_the_same_plan_made_again_is_the_same() -> None:
    assert read_plan(make_plan(serial=1)) == read_plan(make_plan(serial=7))
    assert find_differences(read_plan(make_plan(1)), read_plan(make_plan(7))) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"jobs__training": {"action": "skip"}}, "jobs.training: reviewed was update"),
        ({"jobs__setup": {"action": "delete"}}, "planned is delete: have a new plan reviewed"),
        (
            {"jobs__training": make_update(new=90)},
            "planned is update (timeout_seconds: 7200 → 90)",
        ),
        (
            {"schemas__raw": {"action": "create", "new_state": {"value": {"name": "other"}}}},
            'raw: reviewed was create, planned is create with name: "raw" → "other": have a new',
        ),
    ],
)  # fmt: skip
def test_a_plan_that_differs_is_told_by_resource(changed: dict[str, Any], said: str) -> None:
    (line,) = find_differences(read_plan(make_plan()), read_plan(make_plan(**changed)))
    assert said in line
