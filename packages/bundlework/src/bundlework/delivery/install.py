"""Fetches the pinned Databricks CLI, and refuses an archive that is not the pinned one."""

from __future__ import annotations

import hashlib
import io
import platform
import subprocess
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bundlework.errors import Refusal, refuse

PROGRAM = "databricks"
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Release:
    """A release of the CLI.

    Attributes:
        address: Where its archives are, with `{version}` and `{system}`.
        digests: The SHA-256 of each system's archive.
    """

    version: str
    address: str
    digests: Mapping[str, str]


# The bundle asks for no older one: before 1.10, empty ids were sent to the workspace, which refuses
# them. To renew it, copy version and digests from Formula/databricks.rb in databricks/homebrew-tap.
PINNED = Release(
    "1.12.1",
    "https://github.com/databricks/cli/releases/download/v{version}/databricks_cli_{version}_{system}.zip",
    {
        "linux_amd64": "60833feee22caa98f575c4948ccbbc9473fda0dd80c9b79544dc7b079f6a9815",
        "linux_arm64": "8c2a3acd5f563fd8e3c9e64ee4566e1ec7cef087934fd4fb099d92b709f7e3a2",
        "darwin_amd64": "5c609f7743941150138d15cc1891a0a32b643eb4b66f46701005026e944b2aad",
        "darwin_arm64": "b43e40d2ea7046866849755747a8cb7b4a322e694c0215e53b481eb842bc908c",
    },
)


def install_pinned_cli(_: Path, folder: Path) -> None:
    """Puts the pinned CLI into `folder`; see `install_cli`."""
    install_cli(folder)


def install_cli(folder: Path, release: Release = PINNED) -> None:
    """Puts the CLI into `folder`, unless that very version is there.

    Raises:
        Refusal: There is no archive for this machine, it cannot be fetched, or it is not
            the pinned one; nothing is installed then.
    """
    program = folder / PROGRAM
    if read_version(program) == release.version:
        print(f"Databricks CLI {release.version} is there: {program}")
        return
    system = find_system()
    if system not in release.digests:
        refuse(
            [f"{system}: there is no Databricks CLI {release.version} for it: install it by hand"]
        )
    archive = fetch(release.address.format(version=release.version, system=system))
    check_digest(archive, release.digests[system], system)
    unpack(archive, program)
    print(f"Databricks CLI {release.version}, checksum verified: {program}")


def read_version(program: Path) -> str:
    """The version of an installed CLI; empty where there is none that runs."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""
    return said.strip().rpartition(" v")[2]


def find_system() -> str:
    """This machine, as archives are named after it."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def fetch(address: str) -> bytes:
    """Downloads the content of an address.

    Raises:
        Refusal: It cannot be had.
    """
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:
            content: bytes = answer.read()
            return content
    except (urllib.error.URLError, TimeoutError) as error:
        advice = "try again, or put databricks on PATH by hand"
        raise Refusal(f"{address}: {error}: {advice}") from None


def check_digest(archive: bytes, expected: str, system: str) -> None:
    """Refuses an archive with another SHA-256.

    Raises:
        Refusal: It differs.
    """
    found = hashlib.sha256(archive).hexdigest()
    if found != expected:
        refuse([f"{system}: the archive's SHA-256 is {found}, not {expected}: do not use it"])


def unpack(archive: bytes, program: Path) -> None:
    """Puts the archive's program in place, whole or not at all."""
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(".unfinished")
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        unfinished.write_bytes(files.read(PROGRAM))
    unfinished.chmod(0o755)
    unfinished.rename(program)
