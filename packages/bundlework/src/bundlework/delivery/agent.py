"""Tells a pipeline's agent from a laptop, and shows pages on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bundlework.output import tell_agent

# Set by Azure Pipelines, GitHub and most others on their agents.
AGENT_SIGNS = ("TF_BUILD", "CI")


def is_agent(environment: Mapping[str, str]) -> bool:
    """Whether this is a pipeline's machine, not a person's."""
    return any(environment.get(sign) for sign in AGENT_SIGNS)


def show_page(page: Path, environment: Mapping[str, str]) -> None:
    """Prints a Markdown page; in Azure Pipelines, on the run's summary too."""
    print(page.read_text(encoding="utf-8"), flush=True)
    if environment.get("TF_BUILD"):
        tell_agent(f"##vso[task.uploadsummary]{page.resolve()}")
