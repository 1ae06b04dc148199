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

from .commands import DeliveryError, refuse

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


# To renew it, copy version and digests from Formula/databricks.rb in databricks/homebrew-tap.
PINNED = Release(
    "1.9.0",
    "https://github.com/databricks/cli/releases/download/v{version}/databricks_cli_{version}_{system}.zip",
    {
        "linux_amd64": "10938da31db7f89e6e90f6be41d340e3387231e5da5125cfc97ecb8cb66f6394",
        "linux_arm64": "a4fcc3b70ed4b26f0e8064e39287d0692218cf3d2f549042d66d04c9ad2d692a",
        "darwin_amd64": "488f039954fd820bb9ad5fa94cd37a45e08607d3c22b22cfe8aeb982bc1aa063",
        "darwin_arm64": "4a955804994764ef68f76563ec4aaf966cf0ab14175d1a10768e41c9be016551",
    },
)


def install_cli(folder: Path, release: Release = PINNED) -> None:
    """Puts the CLI into `folder`, unless that very version is there.

    Raises:
        DeliveryError: There is no archive for this machine, it cannot be fetched, or it is not
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
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return ""
    return said.strip().rpartition(" v")[2]


def find_system() -> str:
    """This machine, as archives are named after it."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def fetch(address: str) -> bytes:
    """What lies at an address.

    Raises:
        DeliveryError: It cannot be had.
    """
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:
            return answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        advice = "try again, or put databricks on PATH by hand"
        raise DeliveryError(f"{address}: {error}: {advice}") from None


def check_digest(archive: bytes, expected: str, system: str) -> None:
    """Refuses an archive with another SHA-256.

    Raises:
        DeliveryError: It differs.
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
