"""Deploying by hand, with guards against accidents; identities and grants are what limits it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.bundle import Bundle, load_bundle

from .plan import describe_plan, find_losses, read_plan
from .validate import find_faults

# Set by Azure Pipelines, GitHub and most others on their agents.
AGENT_SIGNS = ("TF_BUILD", "CI")
COPY = "pull_request"


class DeliveryError(ValueError):
    """Why nothing was done; one line per reason."""


def deploy(root: Path, target: str | None, environment: Mapping[str, str] = os.environ) -> None:
    """Validates, shows the plan, and deploys unless data would be lost.

    Raises:
        DeliveryError: A guard refuses, or the CLI fails; in the former case nothing is changed.
        BundleError: The target is unknown, or the bundle broken.
    """
    bundle = load_bundle(root, target)
    refuse([*find_faults(root), *find_reasons(bundle, environment)])
    plan = read_plan(run_cli(bundle, "plan", "-o", "json"))
    print("\n".join(describe_plan(plan)))
    refuse(find_losses(plan))
    run_cli(bundle, "deploy", shown=True)
    print(f"\nNext: databricks bundle run setup -t {bundle.target}")


def find_reasons(bundle: Bundle, environment: Mapping[str, str]) -> Iterator[str]:
    """Why a deployment would be an accident."""
    if is_development(bundle):
        return
    variables = bundle.config["variables"]
    if variables["deployer"]["value"] == f"{variables['package']['value']}_deployer":
        yield (
            f"deployer is {variables['deployer']['value']}: set it to the application id of the"
            f" service principal that deploys {bundle.target}"
        )
    if bundle.target == COPY:
        if str(variables[COPY]["value"]) == "0":
            yield f"{COPY} is 0: give the number of the pull request with BUNDLE_VAR_{COPY}"
        return
    bare = f"databricks bundle deploy -t {bundle.target}"
    if not any(environment.get(sign) for sign in AGENT_SIGNS):
        yield f"{bundle.target} is deployed by its pipeline, not from a laptop; if you must: {bare}"
    if ask_git(bundle.root, "status", "--porcelain"):
        yield f"{bundle.target}: the tree has changes that no commit has: commit or stash them"


def is_development(bundle: Bundle) -> bool:
    """Whether a target is a developer's own."""
    return bundle.config.get("mode") == "development"


def destroy(root: Path, target: str | None) -> None:
    """Removes a deployment of dev or of a pull request, with its data.

    Raises:
        DeliveryError: The target is another one, or the CLI fails.
    """
    bundle = load_bundle(root, target)
    if not is_development(bundle) and bundle.target != COPY:
        refuse([f"{bundle.target} is not destroyed by make: only development and {COPY} are"])
    run_cli(bundle, "destroy", "--auto-approve", shown=True)


def refuse(reasons: list[str]) -> None:
    """Raises when there are reasons to."""
    if reasons:
        raise DeliveryError("\n".join(reasons))


def run_cli(bundle: Bundle, verb: str, *options: str, shown: bool = False) -> str:
    """What `databricks bundle VERB` prints; nothing, when it is shown to the user instead.

    Raises:
        DeliveryError: The CLI is missing, or failed; with what it said.
    """
    if not shutil.which("databricks"):
        refuse(["databricks is not on PATH: see https://docs.databricks.com/dev-tools/cli/install"])
    command = ["databricks", "bundle", verb, *options, "--target", bundle.target]
    done = subprocess.run(command, cwd=bundle.root, capture_output=not shown, text=True)
    if done.returncode:
        said = "see above" if shown else done.stderr.strip()
        refuse([f"databricks bundle {verb} failed for {bundle.target}: {said}"])
    return "" if shown else done.stdout


def ask_git(root: Path, *words: str) -> str:
    """What git answers.

    Raises:
        DeliveryError: The folder is no repository.
    """
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    if done.returncode:
        refuse([f"git {' '.join(words)} failed: {done.stderr.strip()}"])
    return done.stdout.strip()
