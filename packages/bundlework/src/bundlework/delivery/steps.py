"""A step of the one-time setup, and the answers that all steps are made of."""

from __future__ import annotations

from dataclasses import dataclass

# Programs print one of these when they find nothing.
NOTHING = ("", "[]", "{}", "null")


@dataclass(frozen=True)
class Step:
    """A thing that must be there.

    Attributes:
        what: Its name, for people; with `<...>` it is what later steps refer to.
        find: The call that prints its id; nothing when it is not there.
        make: The call that makes it; empty for what comes with something else.
        holds: Words that the answer must contain; without them the thing is incomplete.
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
        """One line for each answer that is missing."""
        other = () if self.github else ("team",)
        given = {k: v for k, v in vars(self).items() if k not in ("github", *other)}
        return [
            f"{n.upper()} is empty: give it, {n.upper()}=..." for n, v in given.items() if not v
        ]
