"""`bundlework`: plays, checks, deploys and describes the bundle in this folder."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from .bundle.contract import get_state
from .errors import Refusal
from .output import keep_harmless
from .verbs import VERBS, Verb


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a verb in the current folder.

    Returns:
        0 for success, 1 for a failed run or faults found, 2 for a refusal; stderr says why.
    """
    options = vars(parse_arguments(arguments))
    verb: Verb = options.pop("verb")
    with keep_harmless():
        try:
            return call(verb, options)
        except Exception:  # a traceback may tell others' words too
            traceback.print_exc()
            return 1


def call(verb: Verb, options: dict[str, Any]) -> int:
    """Calls a verb, and tells people why it could not do its work."""
    try:
        return load(verb)(Path.cwd(), **options) or 0
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    except sqlite3.OperationalError as fault:
        print(f"{get_state(Path.cwd())}: {fault}", file=sys.stderr)
    except OSError as fault:
        if not (fault.filename and fault.strerror):
            raise
        print(f"{fault.filename}: {fault.strerror}", file=sys.stderr)
    return 2


def load(verb: Verb) -> Any:
    """The function of a verb, whose module is imported only now.

    Raises:
        Refusal: The verb needs a package that is not installed.
    """
    module, function = verb.function.split(":")
    try:
        return getattr(import_module(f"bundlework.{module}"), function)
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("bundlework"):
            raise
        advice = "install bundlework[laptop]"
        raise Refusal(
            f"{verb.name} needs {missing.name}, which is not installed: {advice}"
        ) from None


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The verb and its options."""
    parser = argparse.ArgumentParser(prog="bundlework", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="VERB")
    for verb in VERBS:
        command = commands.add_parser(verb.name, help=verb.help)
        command.set_defaults(verb=verb)
        for option in verb.options:
            command.add_argument(*option.names, **option.details)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
