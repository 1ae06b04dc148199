"""Destroys the copies of pull requests that are closed or old; cancelled runs leave such copies."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path, PurePosixPath

from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.writes import get_catalog
from bundlework.errors import Refusal, refuse

from .forgotten import list_tagged_jobs, read_tags
from .programs import ask
from .workspace import ask_workspace, find_in_workspace, run_bundle, tell_workspace

# The number of a copy that is never deployed: it shows where a number stands in names and tags.
SAMPLE = "987654321"
AGENT = ("BUILD_REPOSITORY_ID", "SYSTEM_ACCESSTOKEN", "SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT")
# Of Azure Repos' answer, in seconds.
PATIENCE = 60
MERGE = re.compile(r"refs/pull/(\d+)/merge$", re.MULTILINE)


def clean_up(root: Path, days: int, environment: Mapping[str, str] = os.environ) -> None:
    """Destroys every copy whose pull request is not open, or that is older than `days`.

    Raises:
        Refusal: It is not known which are open, or a copy could not be destroyed; the others
            are, all the same.
    """
    bundle = load_sample(root)
    copies = dict.fromkeys(list_left(bundle)) | dict(list_copies(bundle))
    still_open = find_open(root, environment) if copies else set()
    oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    failed = []
    for number, deployed in sorted(copies.items()):
        if number in still_open and (deployed is None or deployed > oldest):
            print(f"pull request {number} is open: its copy stays")
            continue
        print(f"pull request {number} is closed, or its copy older than {days} days: destroyed")
        try:
            destroy_copy(bundle, number)
            sweep(bundle, number)
        except Refusal as error:
            failed.append(str(error))
    refuse(failed)


def load_sample(root: Path) -> Bundle:
    """The copy for pull request `SAMPLE`.

    Raises:
        Refusal: The project does not declare the target of copies, or the variable of the number.
    """
    contract = read_contract(root)
    target, number = (contract.need(f"{part}.pull_request") for part in ("targets", "variables"))
    return load_bundle(root, target, {number: SAMPLE})


def find_number(name: str, sample: str) -> int | None:
    """The number in a name that is otherwise equal to the sample's; None where it differs."""
    found = re.fullmatch(re.escape(sample).replace(SAMPLE, r"(\d+)", 1), name)
    return int(found.group(1)) if found else None


def list_copies(bundle: Bundle) -> Iterator[tuple[int, dt.datetime | None]]:
    """The pull requests that have a copy, and when it was deployed last, where that is known."""
    sample = bundle.config["workspace"]["root_path"]
    folder = str(PurePosixPath(sample).parent)
    for entry in find_in_workspace(bundle, "workspace", "list", folder) or []:
        number = find_number(entry["path"], sample)
        if number is not None:
            yield number, read_time(bundle, entry["path"])


def read_time(bundle: Bundle, copy: str) -> dt.datetime | None:
    """When a copy was deployed last."""
    file = f"{copy}/state/metadata.json"
    state = find_in_workspace(bundle, "workspace", "get-status", file) or {}
    milliseconds = state.get("modified_at")
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC) if milliseconds else None


def destroy_copy(bundle: Bundle, number: int) -> None:
    """Destroys the copy of a pull request, although a cancelled run may have left its lock."""
    # The CLI's notes on this target, in this folder, may be of another pull request.
    shutil.rmtree(bundle.root / ".databricks" / "bundle" / bundle.target, ignore_errors=True)
    name = bundle.contract.need("variables.pull_request")
    options = ["--auto-approve", "--force-lock", "--var", f"{name}={number}"]
    run_bundle(bundle, "destroy", *options)


def list_left(bundle: Bundle) -> Iterator[int]:
    """The pull requests that have jobs or schemas. A lost deployment leaves no other trace."""
    tags = read_tags(bundle.contract, bundle.config)
    (numbered,) = (name for name, value in tags.items() if value == SAMPLE)
    shared = {name: value for name, value in tags.items() if name != numbered}
    for job in list_tagged_jobs(bundle, shared):
        yield int(job["settings"]["tags"][numbered])
    for number, _ in list_schemas(bundle):
        yield number


def list_schemas(bundle: Bundle) -> Iterator[tuple[int, str]]:
    """The schemas of copies, each after the number of its pull request."""
    deployer = bundle.config["variables"][bundle.contract.need("variables.deployer")]["value"]
    found = ask_workspace(bundle, "schemas", "list", get_catalog(bundle)) or []
    owned = [schema["full_name"] for schema in found if schema.get("owner") == deployer]
    for name, sample in product(owned, bundle.schemas):
        number = find_number(name, sample)
        if number is not None:
            yield number, name


def sweep(bundle: Bundle, number: int) -> None:
    """Deletes jobs and schemas of a copy that its lost deployment does not know."""
    sample = read_tags(bundle.contract, bundle.config)
    tags = {name: str(number) if value == SAMPLE else value for name, value in sample.items()}
    jobs = [str(job["job_id"]) for job in list_tagged_jobs(bundle, tags)]
    calls: list[tuple[str, ...]] = [("jobs", "delete", job) for job in jobs]
    schemas = [name for found, name in list_schemas(bundle) if found == number]
    calls += [("schemas", "delete", name, "--force") for name in schemas]
    for call in calls:
        print(f"forgotten by its deployment: {' '.join(call)}")
        tell_workspace(bundle, *call)


def find_open(root: Path, environment: Mapping[str, str]) -> set[int]:
    """The numbers of the open pull requests.

    Raises:
        Refusal: The repository's host cannot be asked.
    """
    provider = environment.get("BUILD_REPOSITORY_PROVIDER")
    if provider == "GitHub":
        return {
            int(n) for n in MERGE.findall(ask(root, "git", "ls-remote", "origin", "refs/pull/*"))
        }
    if provider == "TfsGit":
        return set(ask_azure_repos(environment))
    raise Refusal(
        f"BUILD_REPOSITORY_PROVIDER is {provider!r}: TfsGit or GitHub, as Azure Pipelines sets it"
    )


def ask_azure_repos(environment: Mapping[str, str]) -> Iterator[int]:
    """The numbers of the open pull requests of the repository that the pipeline runs for.

    Raises:
        Refusal: A variable of the pipeline is not set, or Azure Repos does not answer.
    """
    refuse([f"{n} is not set: pass it as clean-up.yml does" for n in AGENT if n not in environment])
    project, repository = (
        urllib.parse.quote(environment[name])
        for name in ("SYSTEM_TEAMPROJECT", "BUILD_REPOSITORY_ID")
    )
    query = "searchCriteria.status=active&$top=1000&api-version=7.1"
    path = f"{project}/_apis/git/repositories/{repository}/pullrequests?{query}"
    address = environment["SYSTEM_COLLECTIONURI"] + path
    token = {"Authorization": f"Bearer {environment['SYSTEM_ACCESSTOKEN']}"}
    try:
        request = urllib.request.Request(address, headers=token)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            found = json.loads(answer.read())["value"]
    except (OSError, ValueError) as error:
        raise Refusal(f"{address}: {error}: nothing was destroyed") from None
    return (entry["pullRequestId"] for entry in found)
