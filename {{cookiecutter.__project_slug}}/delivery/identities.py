"""The one-time setup that lets pipelines deploy without a secret; repeated, it changes nothing.

Each step asks whether its thing is there, and makes it where it is not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.bundle import Bundle, load_bundle

from .commands import ask, refuse

TARGETS = ("dev", "staging", "prod")
# What a step has found or made, such as the application of prod.
KNOWN = re.compile(r"<([a-z -]+)>")
# What programs print when there is nothing.
NOTHING = ("", "[]", "{}", "null")


@dataclass(frozen=True)
class Step:
    """A thing that must be there.

    Attributes:
        what: Its name, for people; with `<...>` it is what later steps refer to.
        find: The call that prints its id; nothing when it is not there.
        make: The call that makes it; empty for what comes with something else.
        holds: What the answer must contain; without it, the thing is not there as it should be.
    """

    what: str
    find: tuple[str, ...]
    make: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()

    def is_met(self, found: str) -> bool:
        """Whether an answer shows that the thing is there."""
        return found not in NOTHING and all(word in found for word in self.holds)


@dataclass(frozen=True)
class Setting:
    """Where pipelines and identities are to live.

    Attributes:
        organisation: Of Azure DevOps, as https://dev.azure.com/NAME.
        project: Of Azure DevOps.
        repository: Name in Azure Repos, or OWNER/NAME on GitHub.
        subscription: Id of the Azure subscription of the workspaces.
        approvers: Id of the group of Azure DevOps that approves for prod.
        github: The id of the service connection to GitHub; empty for Azure Repos.
        team: On GitHub, the team that may cut releases.
    """

    organisation: str
    project: str
    repository: str
    subscription: str
    approvers: str
    github: str = ""
    team: str = ""

    def list_missing(self) -> list[str]:
        """What was not given, one line each."""
        other = () if self.github else ("team",)
        given = {k: v for k, v in vars(self).items() if k not in ("github", *other)}
        return [
            f"{n.upper()} is empty: give it, {n.upper()}=..." for n, v in given.items() if not v
        ]


def set_up_identities(root: Path, setting: Setting, dry_run: bool) -> None:
    """Makes what is missing, or prints every call.

    Raises:
        DeliveryError: A value is not given, or a call failed; repeated, it goes on there.
    """
    from .identity_steps import list_steps

    refuse([] if dry_run else setting.list_missing())
    bundles = {target: load_bundle(root, target) for target in TARGETS}
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
        DeliveryError: It cannot be made, or is not found even then.
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
    """What a person writes into the bundle then."""
    lines = ["\nNext, in databricks.yml, the variable deployer of each target:"]
    for target in bundles:
        number = known.get(f"application of {target}", f"<application of {target}>")
        also = " and pull_request" if target == "dev" else ""
        lines.append(f"  {target}{also}: deployer: {number}")
    return "\n".join(lines)
