"""Adds to a bundle what the CLI knows of its surroundings: git's state, the user, the folders."""

from __future__ import annotations

import copy
import posixpath
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .presets import normalise
from .yaml_source import BundleError, Places, Written

FOLDERS = {
    f"{kind}_path": f"${{workspace.root_path}}/{folder}"
    for kind, folder in [
        ("file", "files"),
        ("artifact", "artifacts"),
        ("state", "state"),
        ("resource", "resources"),
    ]
}
# A folder of the workspace, and what the CLI puts before it.
DOUBLED = re.compile(r"/Workspace/?(\$\{workspace\.(?:root|file|artifact|state|resource)_path\})")
MOUNTED = ("/Workspace/", "/Volumes/")


def fill_in(config: dict[str, Any], root: Path, target: str, places: Places) -> dict[str, Any]:
    """The bundle with its target, git's state, the user and the folders in the workspace.

    Raises:
        BundleError: The bundle has no name.
    """
    config = copy.deepcopy(config)
    name = config["bundle"].get("name")
    if not name:
        raise BundleError([places.describe(("bundle",), "name is missing: write one")])
    bundle = {**config["bundle"], "target": target, "environment": target}
    bundle |= {"mode": config.get("mode", ""), "git": _describe_git(root, bundle.get("git") or {})}
    user = _ask_git(root, "config", "user.email") or "me@laptop"
    written = config["workspace"]
    workspace: dict[str, Any] = {"host": "", "root_path": f"~/.bundle/{name}/{target}", **FOLDERS}
    workspace |= {**written, "current_user": _describe_user(user)}
    workspace |= {f: _mount(workspace[f], user) for f in ("root_path", *FOLDERS)}
    whole = {**config, "bundle": bundle, "workspace": workspace}
    filled: dict[str, Any] = _map_texts(whole, _drop_doubled_folder)
    return filled


def _mount(path: Any, user: str) -> Any:
    """A folder of the workspace from its root on."""
    text = str(path)
    if text.startswith("~/"):
        return posixpath.join("/Workspace/Users", user, text[2:])
    return f"/Workspace{text}" if text.startswith("/") and not text.startswith(MOUNTED) else path


def _drop_doubled_folder(text: str) -> str:
    changed = DOUBLED.sub(r"\1", text)
    return Written(changed, text.folder) if isinstance(text, Written) else changed


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _map_texts(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_map_texts(part, change) for part in value]
    return change(value) if isinstance(value, str) and "${" in value else value


def _describe_git(root: Path, written: Mapping[str, Any]) -> dict[str, Any]:
    commit, _, folder = _ask_git(root, "rev-parse", "HEAD", "--show-prefix").partition("\n")
    branch = _ask_git(root, "symbolic-ref", "--short", "-q", "HEAD")
    told = {
        "branch": branch,
        "actual_branch": branch,
        "commit": commit,
        "origin_url": _ask_git(root, "config", "--get", "remote.origin.url"),
        "bundle_root_path": folder.rstrip("/") or ".",
    }
    return told | {field: value for field, value in written.items() if value}


def _describe_user(user: str) -> dict[str, str]:
    short = normalise(user.split("@", maxsplit=1)[0])
    friendly = re.sub(r"[^a-z0-9]", "-", short)
    return {"userName": user, "short_name": short, "domain_friendly_name": friendly}


def _ask_git(root: Path, *words: str) -> str:
    try:
        answer = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
