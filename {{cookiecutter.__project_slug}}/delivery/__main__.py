"""`python -m delivery`: validates, deploys and describes the bundle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from local.yaml_source import BundleError

from . import deploy, describe, protect, validate
from .deploy import DeliveryError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 for success, 1 for faults found, 2 for a refusal; each reason is one line on stderr.
    """
    options = parse_arguments(arguments)
    root = Path.cwd()
    try:
        if options.command == "validate":
            return validate.validate(root)
        if options.command == "deploy":
            deploy.deploy(root, options.target)
        elif options.command == "destroy":
            deploy.destroy(root, options.target)
        elif options.command == "protect":
            protect.protect(root, options.dry_run)
        else:
            describe.write_documents(root)
    except (BundleError, DeliveryError) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("validate", help="find what is wrong with the bundle, for every target")
    for name, text in (("deploy", "deploy a target"), ("destroy", "remove a deployment of dev")):
        commands.add_parser(name, help=text).add_argument("--target")
    protecting = commands.add_parser("protect", help="make prod's catalog read-only elsewhere")
    protecting.add_argument("--dry-run", action="store_true", help="only print the calls")
    commands.add_parser("describe", help="write docs/bundle.md and the README's job graph")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
