"""Deploying, with guards against accidents; identities and grants are what limits it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.validate import find_faults
from bundlework.errors import refuse

from .agent import is_agent, show_page
from .endpoint import remove_endpoint
from .forgotten import delete_doubles, list_doubles
from .old_wheels import remove_old_wheels
from .plan import Change, describe_plan, find_differences, find_losses, read_plan, save_plan
from .programs import ask
from .running import end_former, record
from .runs import GO_ON, WAIT, await_runs
from .workspace import ask_bundle, read_summary, run_bundle


def plan(
    root: Path, target: str | None, folder: Path, environment: Mapping[str, str] = os.environ
) -> None:
    """Plans a deployment, and keeps the plan in `folder` for review.

    Raises:
        Refusal: It would delete data or make something a second time, or the CLI fails;
            nothing is changed in any case.
        BundleError: The target is unknown, or the bundle broken.
    """
    bundle = load_bundle(root, target)
    text = ask_bundle(bundle, "plan", "-o", "json")
    show_page(save_plan(text, bundle.target, folder), environment)
    refuse([*find_losses(read_plan(text)), *find_doubles(bundle, read_summary(bundle))])


def deploy(
    root: Path,
    target: str | None,
    folder: Path | None = None,
    runs: str = "",
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Validates, shows the plan, and deploys unless data would be lost.

    Args:
        folder: Where a reviewed plan lies; only what it says is done.
        runs: What to do where jobs of the deployment run, as `await_runs` takes it; empty for the
            target's own way: `wait` in a shared deployment, `go-on` in a copy.

    Raises:
        Refusal: A guard refuses, or the CLI fails; in the former case nothing is changed.
        BundleError: The target is unknown, or the bundle broken.
    """
    bundle = load_bundle(root, target)
    refuse([*find_faults(root), *find_reasons(bundle, environment)])
    with record(root):
        summary = read_summary(bundle)
        refuse(find_doubles(bundle, summary))
        await_runs(bundle, summary, runs or (WAIT if takes_turns(bundle) else GO_ON))
        planned = read_plan(ask_bundle(bundle, "plan", "-o", "json"))
        print("\n".join(describe_plan(planned)))
        refuse(find_losses(planned))
        if folder:
            refuse(find_differences(read_reviewed(folder), planned))
        # One run at a time deploys there: a lock was left by one that was killed.
        run_bundle(bundle, "deploy", *(["--force-lock"] if takes_turns(bundle) else []))
        remove_old_wheels(bundle, summary)
    print(f"\nNext: make start JOB=setup TARGET={bundle.target}")


def read_reviewed(folder: Path) -> list[Change]:
    """The plan that was kept in `folder`.

    Raises:
        Refusal: There is none.
    """
    file = folder / "plan.json"
    if not file.exists():
        refuse([f"{file} is missing: make plan PLAN={folder} first"])
    return read_plan(file.read_text(encoding="utf-8"))


def find_reasons(bundle: Bundle, environment: Mapping[str, str]) -> Iterator[str]:
    """Why a deployment would be an accident."""
    if bundle.is_development:
        return
    yield from _find_placeholders(bundle)
    if bundle.target == bundle.contract.targets.pull_request:
        return
    bare = f"databricks bundle deploy -t {bundle.target}"
    if not is_agent(environment):
        yield f"{bundle.target} is deployed by its pipeline, not from a laptop; if you must: {bare}"
    if ask(bundle.root, "git", "status", "--porcelain"):
        yield f"{bundle.target}: the tree has changes that no commit has: commit or stash them"


def _find_placeholders(bundle: Bundle) -> Iterator[str]:
    contract, variables = bundle.contract, bundle.config["variables"]
    deployer = contract.need("variables.deployer")
    if variables[deployer]["value"] == variables[deployer].get("default"):
        yield (
            f"{deployer} is {variables[deployer]['value']}: set it to the application id of the"
            f" service principal that deploys {bundle.target}"
        )
    if bundle.target == contract.targets.pull_request:
        number = contract.need("variables.pull_request")
        if variables[number]["value"] == variables[number].get("default"):
            value = variables[number]["value"]
            advice = f"give the number of the pull request with BUNDLE_VAR_{number}"
            yield f"{number} is {value}: {advice}"


def find_doubles(bundle: Bundle, summary: dict[str, Any]) -> list[str]:
    """One line for each thing that would be made a second time, and what mends all at once."""
    doubles = list_doubles(bundle, summary)
    anew = f"Or begin anew, without the data: make destroy TARGET={bundle.target}"
    return [*doubles, *([anew] if doubles and not takes_turns(bundle) else [])]


def takes_turns(bundle: Bundle) -> bool:
    """Whether a target is deployed by its pipeline alone, which lets no two runs do it at once."""
    return not bundle.is_development and bundle.target != bundle.contract.targets.pull_request


def start(root: Path, target: str | None, job: str | None) -> None:
    """Runs a deployed job, and waits for its end.

    Raises:
        Refusal: The job failed, or is not deployed.
    """
    bundle = load_bundle(root, target)
    run_bundle(bundle, "run", job or bundle.contract.need("jobs.default"))


def destroy(root: Path, target: str | None) -> None:
    """Removes a deployment of dev or of a pull request, with its data, though its state be lost.

    Raises:
        Refusal: The target is another one, or the CLI fails.
    """
    bundle = load_bundle(root, target)
    if takes_turns(bundle):
        copies = f"only development and {bundle.contract.targets.pull_request or 'copies'} are"
        refuse([f"{bundle.target} is not destroyed by make: {copies}"])
    # A deployment that was cancelled may still run here, and has left its lock behind.
    end_former(root)
    remove_endpoint(bundle)
    run_bundle(bundle, "destroy", "--auto-approve", "--force-lock")
    delete_doubles(bundle, read_summary(bundle))
