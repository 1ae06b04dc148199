"""Removes old wheels from the workspace, once nothing can need them.

The CLI would delete every wheel at each deployment, those of running jobs too; the bundle tells the
CLI to delete none (`experimental.skip_artifact_cleanup`).
"""

from __future__ import annotations

from typing import Any

from bundlework.bundle.loading import Bundle

from .runs import list_unfinished
from .workspace import find_in_workspace, tell_workspace

# The CLI's folder for what it uploads.
UPLOADED = ".internal"
# The newest wheels, which stay in any case.
KEPT = 10


def remove_old_wheels(bundle: Bundle, summary: dict[str, Any]) -> None:
    """Deletes wheels, but for the last ten and those that an unfinished run may name.

    A run on serverless compute does not tell its wheel: what was the newest one when the run began
    stays, and whatever came later.
    """
    folder = f"{summary['workspace']['artifact_path']}/{UPLOADED}"
    wheels = list_wheels(bundle, folder)
    if len(wheels) <= KEPT:
        return
    begins = [run.get("start_time", 0) for run in list_unfinished(bundle, summary)]
    for wheel in wheels[max(KEPT, count_needed(wheels, begins)) :]:
        print(f"no run needs it any more: {wheel['path']}")
        tell_workspace(bundle, "workspace", "delete", wheel["path"])


def list_wheels(bundle: Bundle, folder: str) -> list[dict[str, Any]]:
    """The wheels in a folder of the workspace whose time is known, the newest first."""
    found = find_in_workspace(bundle, "workspace", "list", folder) or []
    wheels = [e for e in found if e["path"].endswith(".whl") and "modified_at" in e]
    return sorted(wheels, key=lambda wheel: wheel["modified_at"], reverse=True)


def count_needed(wheels: list[dict[str, Any]], begins: list[int]) -> int:
    """How many of the newest wheels runs can name that began at these times, in milliseconds."""
    later = [wheel for wheel in wheels if begins and wheel["modified_at"] > min(begins)]
    return len(later) + 1 if begins else 0
