"""`python -m delivery`: checks, deploys, releases and describes the bundle."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from local.yaml_source import BundleError

from . import deploy, describe, protect, release, report, validate
from .clean_up import clean_up
from .commands import DeliveryError
from .identities import Setting, set_up_identities
from .install import install_cli
from .integration import run_integration_test
from .model import roll_back_model
from .verify import verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 for success, 1 for faults found, 2 for a refusal; each reason is one line on stderr.
    """
    options = parse_arguments(arguments)
    try:
        return options.command(Path.cwd(), options) or 0
    except (BundleError, DeliveryError) as refusal:
        print(refusal, file=sys.stderr)
        return 2


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_bundle_commands(commands)
    add_deployment_commands(commands)
    add_release_commands(commands)
    add_setup_command(commands)
    return parser.parse_args(arguments)


def add_bundle_commands(commands: Any) -> None:
    """What needs no workspace, or prepares for one."""
    add(
        commands,
        "validate",
        "find what is wrong with the bundle",
        lambda r, o: validate.validate(r),
    )
    add(commands, "describe", "write docs/bundle.md", lambda r, o: describe.write_documents(r))
    cli = add(commands, "cli", "fetch the Databricks CLI", lambda r, o: install_cli(o.into))
    cli.add_argument("--into", type=Path, default=Path(".tools/bin"))
    guard = add(
        commands,
        "protect",
        "make prod's catalog read-only elsewhere",
        lambda r, o: protect.protect(r, o.dry_run),
    )
    guard.add_argument("--dry-run", action="store_true", help="only print the calls")


def add_deployment_commands(commands: Any) -> None:
    """What acts on a target's workspace."""
    plan = add(
        commands, "plan", "keep a plan for review", lambda r, o: deploy.plan(r, o.target, o.plan)
    )
    make = add(
        commands,
        "deploy",
        "deploy a target",
        lambda r, o: deploy.deploy(r, o.target, reviewed=o.plan),
    )
    for command in (plan, make):
        command.add_argument("--plan", type=Path, help="folder of the plan")
    remove = add(
        commands, "destroy", "remove a deployment", lambda r, o: deploy.destroy(r, o.target)
    )
    check = add(commands, "verify", "check a deployment", lambda r, o: verify(r, o.target))
    test = add(
        commands,
        "integration",
        "run the integration test in a workspace",
        lambda r, o: run_integration_test(r, o.target, o.junit),
    )
    test.add_argument("--junit", type=Path, default=Path("junit-integration.xml"))
    back = add(
        commands,
        "roll-back-model",
        "return to the former champion in a workspace",
        lambda r, o: roll_back_model(r, o.target, o.version, o.reason, o.by),
    )
    for option in ("--version", "--reason", "--by"):
        back.add_argument(option, default="")
    for command in (plan, make, remove, check, test, back):
        command.add_argument("--target")


def add_release_commands(commands: Any) -> None:
    """What acts on branches, tags and pull requests."""
    cut = add(
        commands, "release", "cut a release branch", lambda r, o: release.release(r, o.version)
    )
    cut.add_argument("--version", required=True)
    add(
        commands,
        "check-version",
        "let no older release overtake a newer one",
        lambda r, o: release.check_version(r),
    )
    add(commands, "tag", "tag the release that is in prod", lambda r, o: release.tag(r))
    page = add(
        commands,
        "report",
        "tell a reviewer what a branch changes",
        lambda r, o: report.write_report(r, o.base, o.into, os.environ),
    )
    page.add_argument("--base", required=True)
    page.add_argument("--into", type=Path, default=Path("build/report"))
    sweep = add(
        commands,
        "clean-up",
        "destroy copies of closed and old pull requests",
        lambda r, o: clean_up(r, o.days, os.environ),
    )
    sweep.add_argument("--days", type=int, required=True)


def add_setup_command(commands: Any) -> None:
    """What lets the pipelines deploy."""
    names = [field.name for field in fields(Setting)]
    identities = add(
        commands,
        "identities",
        "let the pipelines deploy, without a secret",
        lambda r, o: set_up_identities(
            r, Setting(**{name: getattr(o, name) for name in names}), o.dry_run
        ),
    )
    for name in names:
        identities.add_argument(f"--{name}", default="")
    identities.add_argument("--dry-run", action="store_true", help="only print the calls")


def add(
    commands: Any,
    name: str,
    text: str,
    command: Callable[[Path, argparse.Namespace], int | None],
) -> argparse.ArgumentParser:
    """A command's parser; `command` gets the bundle's folder and the options."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    parser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
