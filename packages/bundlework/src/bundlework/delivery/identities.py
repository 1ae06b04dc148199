"""The one-time setup that lets pipelines deploy without a secret; repeated, it changes nothing.

Each step asks whether its thing is there, and makes it where it is not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.errors import refuse

from .identity_steps import list_steps
from .programs import ask
from .steps import Setting, Step

# A name in angle brackets stands for the id that an earlier step found or made.
KNOWN = re.compile(r"<([\w -]+)>")


def set_up(root: Path, dry_run: bool, **answers: str) -> None:
    """Sets up identities as the options say; see `Setting` and `set_up_identities`."""
    set_up_identities(root, Setting(**answers), dry_run)


def set_up_identities(root: Path, setting: Setting, dry_run: bool) -> None:
    """Makes what is missing, or prints every call.

    Raises:
        Refusal: A value is not given, or a call failed; repeated, it goes on there.
    """
    refuse([] if dry_run else setting.list_missing())
    roles = ("development", "staging", "production")
    targets = [read_contract(root).need(f"targets.{role}") for role in roles]
    bundles = {target: load_bundle(root, target) for target in targets}
    known: dict[str, str] = {}
    for step in list_steps(bundles, setting):
        print(f"# {step.what}")
        if dry_run:
            print(*(shlex.join(call) for call in (step.find, step.make) if call), sep="\n")
        else:
            known[step.what] = ensure(root, step, known)
    print(describe_next(bundles, known))


def ensure(root: Path, step: Step, known: Mapping[str, str]) -> str:
    """The id of a step's thing, which is made where it is missing.

    Raises:
        Refusal: It cannot be made, or is not found even then.
    """
    find = fill_in(step.find, known)
    found = ask(root, *find)
    if step.make and not step.is_met(found):
        ask(root, *fill_in(step.make, known))
        print("  made")
        found = ask(root, *find)
    if not step.is_met(found):
        refuse([f"{step.what} is not there: {shlex.join(find)}"])
    return found


def fill_in(call: tuple[str, ...], known: Mapping[str, str]) -> list[str]:
    """A call with the ids that earlier steps found."""
    return [KNOWN.sub(lambda found: known[found.group(1)], word) for word in call]


def describe_next(bundles: Mapping[str, Bundle], known: Mapping[str, str]) -> str:
    """Tells the person which values to write into the bundle next."""
    contract = next(iter(bundles.values())).contract
    name, targets = contract.need("variables.deployer"), contract.targets
    lines = [f"\nNext, in databricks.yml, the variable {name} of each target:"]
    for target in bundles:
        number = known.get(f"application of {target}", f"<application of {target}>")
        also = f" and {targets.pull_request}" if target == targets.development else ""
        lines.append(f"  {target}{also}: {name}: {number}")
    return "\n".join(lines)
