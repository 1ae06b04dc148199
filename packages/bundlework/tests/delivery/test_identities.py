"""The one-time setup, against a stand-in that remembers what was made: there is no Azure here."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloud import Cloud
from rendered import copy_project

from bundlework.__main__ import main
from bundlework.bundle.loading import load_bundle
from bundlework.delivery import identities
from bundlework.delivery.identities import set_up_identities
from bundlework.delivery.identity_steps import list_steps
from bundlework.delivery.steps import Setting

SETTING = Setting(
    organisation="https://dev.azure.com/org",
    project="flights",
    repository="flight-delays",
    subscription="00000000-0000-0000-0000-000000000001",
    approvers="00000000-0000-0000-0000-000000000002",
)
ON_GITHUB = {"repository": "org/flight-delays", "github": "hub", "team": "releasers"}
GITHUB = Setting(**{**vars(SETTING), **ON_GITHUB})

TARGETS = ("dev", "staging", "prod")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Stands where the programs of Azure, Databricks and GitHub are called."""
    stand_in = Cloud()
    monkeypatch.setattr(identities, "ask", stand_in.ask)
    return stand_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


@pytest.mark.parametrize("setting", [SETTING, GITHUB], ids=["azure_repos", "github"])
def test_everything_is_made_once_and_nothing_of_others_is_taken_for_it(
    project: Path, cloud: Cloud, setting: Setting
) -> None:
    set_up_identities(project, setting, dry_run=False)
    made = "\n".join(cloud.made)
    counts = {
        "ad app create": 3,
        "grants update": 3,
        "--role Reader --scope 7": 3,
        "evaluatebranchProtection": 3,
        "permissionassignments/principals/7": 9,
        "requesterCannotBeApprover": 1,
        "distributedtask/environments?": 2,
        "pipelines create": 5,
        "pipelinePermissions/endpoint/7": 5,
        "pipelinePermissions/environment/7": 3,
        "repos policy": 0 if setting.github else 4,
        "gh api": 2 if setting.github else 0,
    }
    assert {part: made.count(part) for part in counts} == counts
    before = list(cloud.made)
    set_up_identities(project, setting, dry_run=False)
    assert cloud.made == before


def test_an_identity_sees_its_own_workspace_and_no_more(project: Path) -> None:
    bundles = {target: load_bundle(project, target) for target in TARGETS}
    roles = {
        step.what: " ".join(step.find + step.make)
        for step in list_steps(bundles, SETTING)
        if step.what.startswith(("resource of", "role of"))
    }
    assert len(roles) == 6
    for target, bundle in bundles.items():
        host = bundle.config["workspace"]["host"].removeprefix("https://").rstrip("/")
        assert f"[?workspaceUrl=='{host}'].id | [0]" in roles[f"resource of {target}"]
        assert f"--subscription {SETTING.subscription}" in roles[f"resource of {target}"]
        role = roles[f"role of {target}"]
        assert role.count(f"--role Reader --scope <resource of {target}>") == 2
        assert f"--assignee-object-id <service principal of {target}>" in role


def test_each_api_is_asked_in_its_own_version(project: Path) -> None:
    bundles = {target: load_bundle(project, target) for target in TARGETS}
    calls = [word for s in list_steps(bundles, SETTING) for word in s.find + s.make]
    addresses = [word for word in calls if "api-version=" in word]
    assert addresses
    for address in addresses:
        number = "4" if "serviceendpoint" in address else "1"
        assert address.endswith(f"api-version=7.1-preview.{number}")


def test_a_release_branch_can_be_pushed_before_it_is_checked(project: Path, cloud: Cloud) -> None:
    set_up_identities(project, GITHUB, dry_run=False)
    (ruleset,) = [call for call in cloud.made if "name=pipelines" in call]
    checks = ruleset.split("rules[][type]=required_status_checks")[1]
    assert "rules[][parameters][do_not_enforce_on_create]=true" in checks


def test_the_repository_is_there_before_the_pipelines(project: Path, cloud: Cloud) -> None:
    set_up_identities(project, SETTING, dry_run=False)
    made = [" ".join(call.split()[:3]) for call in cloud.made]
    assert made.index("az repos create") < made.index("az pipelines create")


def test_a_team_alone_cuts_releases_and_is_held_to_all_other_rules(
    project: Path, cloud: Cloud
) -> None:
    set_up_identities(project, GITHUB, dry_run=False)
    assert any(call.startswith("gh api orgs/org/teams/releasers ") for call in cloud.calls)
    (ruleset,) = [call for call in cloud.made if "rules[][type]=creation" in call]
    assert "include][]=refs/heads/release/**" in ruleset
    assert "refs/heads/main" not in ruleset
    assert "bypass_actors[][actor_id]=7 -F bypass_actors[][actor_type]=Team" in ruleset
    assert sum("bypass_actors" in call for call in cloud.made) == 1


def test_an_approval_says_what_it_hands_out(project: Path, cloud: Cloud) -> None:
    set_up_identities(project, SETTING, dry_run=False)
    (approval,) = [call for call in cloud.made if "requesterCannotBeApprover" in call]
    assert "hands this branch's own code the identity that deploys prod" in approval
    assert "one commit of `make release` on a reviewed commit of main" in approval


def test_on_github_the_team_is_asked_for(project: Path) -> None:
    without = Setting(**{**vars(GITHUB), "team": ""})
    assert without.list_missing() == ["TEAM is empty: give it, TEAM=..."]
    assert SETTING.list_missing() == []


def test_a_rehearsal_prints_every_call_and_makes_none(
    project: Path, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_identities(project, SETTING, dry_run=True)
    said = capsys.readouterr().out
    assert cloud.calls == []
    assert "az ad app create --display-name flight-delays-prod" in said
    assert '"allowedBranches": "refs/heads/release/*"' in said
    assert "prod: deployer: <application of prod>" in said
    assert "secret" not in said.lower()


def test_no_identity_is_trusted_on_a_branch_of_another_target(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_identities(project, SETTING, dry_run=True)
    checks = capsys.readouterr().out.split("# branch control of ")[1:]
    allowed = {
        text.split("\n")[0]: text.split('allowedBranches": "')[1].split('"')[0] for text in checks
    }
    assert allowed == {
        "dev": "refs/heads/main,refs/pull/*",
        "staging": "refs/heads/main",
        "prod": "refs/heads/release/*",
    }


def test_what_is_not_given_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert main(["identities", "--project", "flights"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert "APPROVERS is empty: give it, APPROVERS=..." in said
    assert len(said) == 4
