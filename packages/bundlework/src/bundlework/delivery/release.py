"""Releases: a branch cut from a main that staging has tested, and a tag once it is in prod."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bundlework.bundle.contract import read_contract, read_pyproject
from bundlework.bundle.loading import load_bundle
from bundlework.errors import refuse

from .changelog import UNRELEASED, close_section, read_section
from .programs import ask, run

Version = tuple[int, ...]
MAIN = "main"
RELEASE = "release/"


def release(root: Path, version: str) -> None:
    """Cuts the branch `release/VERSION`, which goes to prod as soon as it is pushed.

    Raises:
        Refusal: The version is none or not the greatest, nothing is to be released, main is
            not what was pushed, or staging has not succeeded with it; nothing is changed then.
    """
    number = parse_version(version)
    ask(root, "git", "fetch", "--quiet", "--tags", "origin")
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    refuse([*find_tree_reasons(root), *find_version_reasons(root, number, text)])
    refuse(list(find_staging_reasons(root)))
    branch = f"{RELEASE}{version}"
    ask(root, "git", "switch", "--create", branch)
    changelog.write_text(close_section(text, version, f"{dt.date.today()}"), encoding="utf-8")
    set_version(root, version)
    ask(root, "git", "commit", "--all", "--message", f"Release {version}")
    run(root, "git", "push", "--set-upstream", "origin", branch)
    print(f"{branch} is on its way to prod; merge it back to {MAIN} by a pull request")


def parse_version(text: str) -> Version:
    """The numbers of a version.

    Raises:
        Refusal: It is none.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", text):
        refuse([f"VERSION {text!r}: write three numbers, such as VERSION=1.2.0"])
    return tuple(map(int, text.split(".")))


def find_tree_reasons(root: Path) -> Iterator[str]:
    """Why this is not main as everybody has it."""
    branch = ask(root, "git", "branch", "--show-current")
    if branch != MAIN:
        yield f"on branch {branch}: a release is cut from {MAIN}: git switch {MAIN}"
    if ask(root, "git", "status", "--porcelain"):
        yield "the tree has changes that no commit has: commit or stash them"
    if ask(root, "git", "rev-parse", "HEAD") != ask(root, "git", "rev-parse", f"origin/{MAIN}"):
        yield f"{MAIN} is not what was pushed: git pull, or open a pull request"


def find_version_reasons(root: Path, number: Version, changelog: str) -> Iterator[str]:
    """Reasons why this version cannot be released next."""
    newest = max(list_versions(root), default=())
    if number <= newest:
        yield f"VERSION {_join(number)} is not greater than {_join(newest)}: choose a greater one"
    if not read_section(changelog, UNRELEASED):
        yield f"CHANGELOG.md: nothing stands under {UNRELEASED}: say what changed"


def find_staging_reasons(root: Path, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Why staging does not vouch for this commit."""
    commit = ask(root, "git", "rev-parse", "HEAD")
    bundle = load_bundle(root)
    pipeline = f"{bundle.config['bundle']['name']}-{bundle.contract.need('pipelines.staging')}"
    found = ask(
        root, "az", "pipelines", "runs", "list", "--branch", MAIN, "--result", "succeeded",
        "--top", "200", "--output", "json", *locate_runs(environment),
    )  # fmt: skip
    runs = [(r["definition"]["name"], r["sourceVersion"]) for r in json.loads(found or "[]")]
    if (pipeline, commit) not in runs:
        yield f"{pipeline} has not succeeded with {commit[:7]}: wait for it, or mend it"


def locate_runs(environment: Mapping[str, str]) -> Iterator[str]:
    """Options that say where the pipelines are; without, a remote in Azure Repos says so."""
    for option, name in (("--organization", "ORGANISATION"), ("--project", "PROJECT")):
        if environment.get(name):
            yield from (option, environment[name])


def list_versions(root: Path) -> list[Version]:
    """The versions that are tagged."""
    names = ask(root, "git", "tag", "--list", "v*").split()
    return [parse_version(n[1:]) for n in names if re.fullmatch(r"v\d+\.\d+\.\d+", n)]


def list_branches(root: Path) -> dict[Version, str]:
    """The versions that have a release branch at origin, and its newest commit."""
    listed = ask(root, "git", "ls-remote", "--heads", "origin", f"refs/heads/{RELEASE}*")
    found = re.findall(rf"(?m)^(\w+)\s+refs/heads/{RELEASE}(\d+\.\d+\.\d+)$", listed)
    return {parse_version(version): commit for commit, version in found}


def set_version(root: Path, version: str) -> None:
    """Writes the version into pyproject.toml and uv.lock."""
    file = root / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    changed = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text, count=1)
    file.write_text(changed, encoding="utf-8")
    ask(root, "uv", "lock", "--quiet")


def check_version(root: Path) -> None:
    """Lets no older release overtake a newer one, and no second one have the same number.

    Raises:
        Refusal: A greater version has a tag or a branch, or this one is at another commit.
    """
    version = read_version(root)
    ask(root, "git", "fetch", "--quiet", "--tags", "origin")
    refuse([*find_newer_reasons(root, version), *find_tag_reasons(root, f"v{version}")])
    print(f"{version} is newer than every release before it")


def find_newer_reasons(root: Path, version: str) -> Iterator[str]:
    """Releases newer than this commit. One without a tag counts: it may be deployed and failed."""
    number, branches = parse_version(version), list_branches(root)
    advice = f"cut a new release from {MAIN}, or go back with rollback.yml"
    tagged, cut = (max(versions, default=()) for versions in (list_versions(root), branches))
    if tagged > number:
        yield f"{version} is older than {_join(tagged)}, which was in prod: {advice}"
    elif cut > number:
        yield f"{version} is older than {RELEASE}{_join(cut)}, which may be in prod: {advice}"
    here = ask(root, "git", "rev-parse", "HEAD")
    there = branches.get(number, here)
    if there != here:
        moved = f"{RELEASE}{version} has moved on to {there[:7]}, this is {here[:7]}"
        yield f"{moved}: run its newest commit"


def tag(root: Path) -> None:
    """Tags the release with its notes, after it went to prod; repeated, it changes nothing.

    Raises:
        Refusal: The tag is at another commit, or cannot be pushed.
    """
    version = read_version(root)
    bundle = load_bundle(root, read_contract(root).need("targets.production"))
    name = f"v{version}"
    refuse(list(find_tag_reasons(root, name)))
    if not ask(root, "git", "tag", "--list", name):
        text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
        notes = f"{version}\n\n{read_section(text, version) or read_section(text, UNRELEASED)}"
        project = bundle.config["bundle"]["name"]
        owner = bundle.config["variables"][bundle.contract.need("variables.owner")]["value"]
        author = ["-c", f"user.name={project}", "-c", f"user.email={owner}"]
        ask(root, "git", *author, "tag", "--annotate", name, "--message", notes)
    run(root, "git", "push", "origin", name)


def find_tag_reasons(root: Path, name: str) -> Iterator[str]:
    """Why a tag cannot be put on this commit."""
    if not ask(root, "git", "tag", "--list", name):
        return
    there, here = (ask(root, "git", "rev-list", "--max-count=1", at) for at in (name, "HEAD"))
    if there != here:
        yield f"{name} is {there[:7]}, not {here[:7]}: a release is never changed, cut a new one"


def read_version(root: Path) -> str:
    """The project's version."""
    return str(read_pyproject(root)["project"]["version"])


def _join(number: Version) -> str:
    return ".".join(map(str, number))
