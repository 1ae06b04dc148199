"""Finds a Java that Spark runs on, or gets one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bundlework.errors import Refusal

VERSIONS = ("17", "21")
MODULE = "jdk.incubator.vector"
USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/homebrew/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
)
HOW_TO_INSTALL = (
    "Debian, Ubuntu: sudo apt-get install -y openjdk-17-jre-headless; "
    "macOS: brew install openjdk@17"
)


class JavaError(Refusal):
    """No Java that Spark runs on; the message says what was found and how to install one."""


def find_java() -> Path:
    """The home of a Java 17 or 21 with the vector module, fetched into the user's cache if need be.

    Raises:
        JavaError: There is none, and none could be installed.
    """
    rejected = []
    for home in dict.fromkeys(_list_candidates()):
        fault = find_fault(home)
        if fault is None:
            return home
        rejected.append(f"{home} {fault}")
    return _install(rejected)


def _list_candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parent.parent
    yield from _list_installed()
    for pattern in USUAL_PLACES:
        yield from (p for p in sorted(Path("/").glob(pattern[1:])) if p.is_dir())


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "install-jdk"


def _list_installed() -> list[Path]:
    return sorted(java.parent.parent for java in _cache().glob("*/**/bin/java"))


def find_fault(home: Path) -> str | None:
    """The reason why Spark cannot run on the Java in `home`; None when Spark can."""
    java = home / "bin" / "java"
    if not java.exists():
        return "has no bin/java"
    version = _read_version(home, java)
    if version not in VERSIONS:
        return f"is Java {version or 'of an unknown version'}, not {' or '.join(VERSIONS)}"
    if MODULE not in _list_modules(home, java):
        return f"lacks the module {MODULE}"
    return None


def _read_release(home: Path) -> str:
    release = home / "release"
    return release.read_text(encoding="utf-8") if release.exists() else ""


def _read_version(home: Path, java: Path) -> str | None:
    text = _read_release(home) or _run(java, "-version")
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return found.group(1) if found else None


def _list_modules(home: Path, java: Path) -> str:
    release = _read_release(home)
    return release if "MODULES=" in release else _run(java, "--list-modules")


def _run(java: Path, argument: str) -> str:
    try:
        done = subprocess.run(
            [java, argument], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout + done.stderr


def _install(rejected: list[str]) -> Path:
    import jdk

    print("No Java 17 or 21 was found: fetching one into your cache ...", flush=True)
    try:
        return Path(jdk.install("17", path=str(_cache())))
    except Exception as error:  # whatever the download met, the person needs the command instead
        found = "".join(f"\n  {line}" for line in rejected) or " nothing"
        raise JavaError(
            f"Spark needs Java 17 or 21 with {MODULE}. Found:{found}\n"
            f"Fetching one failed: {error}\nInstall it with\n  {HOW_TO_INSTALL}"
        ) from error
