"""`python -m delivery`: checks, deploys, releases and describes the bundle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from local.yaml_source import BundleError

from . import deploy, release
from .clean_up import clean_up
from .commands import DeliveryError
from .describe import write_documents
from .identities import set_up_identities
from .install import install_cli
from .integration import run_integration_test
from .model import roll_back_model
from .protect import protect
from .report import write_report
from .steps import Setting
from .validate import validate
from .verify import verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 for success, 1 for faults found, 2 for a refusal; each reason is one line on stderr.
    """
    options = vars(parse_arguments(arguments))
    command = options.pop("command")
    try:
        return command(Path.cwd(), **options) or 0
    except (BundleError, DeliveryError) as refusal:
        print(refusal, file=sys.stderr)
        return 2


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text, *options in COMMANDS:
        commands.add_parser(name, help=text, parents=options).set_defaults(command=command)
    return parser.parse_args(arguments)


def option(name: str, **known: Any) -> argparse.ArgumentParser:
    """An option that commands share; its name, or `dest`, is an argument of theirs."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(name, **known)
    return parser


def set_up(root: Path, dry_run: bool, **answers: str) -> None:
    """`identities`."""
    set_up_identities(root, Setting(**answers), dry_run)


TARGET = option("--target")
PLAN = option("--plan", type=Path, dest="folder", help="folder of the plan")
DRY_RUN = option("--dry-run", action="store_true", help="only print the calls")
TOOLS = option("--into", type=Path, dest="folder", default=Path(".tools/bin"))
REPORT = option("--into", type=Path, dest="folder", default=Path("build/report"))
JUNIT = option("--junit", type=Path, dest="page", default=Path("junit-integration.xml"))
WHY = [option(name, default="") for name in ("--version", "--reason", "--by")]
ANSWERS = [option(f"--{field.name}", default="") for field in fields(Setting)]
BASE, DAYS = option("--base", required=True), option("--days", type=int, required=True)
VERSION = option("--version", required=True)

# Name, function of the bundle's folder and the options, what it does, options.
COMMANDS: tuple[Any, ...] = (
    ("validate", validate, "find what is wrong with the bundle"),
    ("describe", write_documents, "write docs/bundle.md"),
    ("cli", lambda _, folder: install_cli(folder), "fetch the Databricks CLI", TOOLS),
    ("protect", protect, "make prod's catalog read-only elsewhere", DRY_RUN),
    ("identities", set_up, "let the pipelines deploy, without a secret", DRY_RUN, *ANSWERS),
    ("plan", deploy.plan, "keep a plan for review", TARGET, PLAN),
    ("deploy", deploy.deploy, "deploy a target", TARGET, PLAN),
    ("destroy", deploy.destroy, "remove a deployment", TARGET),
    ("verify", verify, "check a deployment", TARGET),
    ("integration", run_integration_test, "run the integration test there", TARGET, JUNIT),
    ("roll-back-model", roll_back_model, "return to the former champion there", TARGET, *WHY),
    ("release", release.release, "cut a release branch", VERSION),
    ("check-version", release.check_version, "let no older release overtake a newer one"),
    ("tag", release.tag, "tag the release that is in prod"),
    ("report", write_report, "tell a reviewer what a branch changes", BASE, REPORT),
    ("clean-up", clean_up, "destroy copies of closed and old pull requests", DAYS),
)


if __name__ == "__main__":
    sys.exit(main())
