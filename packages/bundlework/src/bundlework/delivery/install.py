"""Fetches the pinned Databricks CLI, and refuses an archive that is not the pinned one."""

from __future__ import annotations

import hashlib
import io
import platform
import re
import subprocess
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bundlework.bundle.contract import CLI, PYPROJECT, TABLE, read_contract
from bundlework.errors import Refusal, refuse

PROGRAM = "databricks"
RELEASES = "https://github.com/databricks/cli/releases/download/v{version}"
ARCHIVE = "databricks_cli_{version}_{system}.zip"
SUMS = "databricks_cli_{version}_SHA256SUMS"
# Where a project has the version.
PLACES = {
    PYPROJECT: f'[{TABLE}.cli]\nversion = "{{}}"',
    "databricks.yml": 'databricks_cli_version: ">= {}"',
}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def install_pinned_cli(root: Path, folder: Path, version: str, releases: str = RELEASES) -> None:
    """Puts the pinned CLI into `folder`; moves the pin first where a version is given.

    Raises:
        Refusal: The project pins none; or see `move_pin` and `install_cli`.
    """
    if version:
        move_pin(root, version, releases)
    install_cli(folder, read_pin(root), releases)


def read_pin(root: Path) -> CLI:
    """The release that the project pins.

    Raises:
        Refusal: It pins none.
    """
    contract = read_contract(root)
    return CLI(contract.need("cli.version"), contract.need("cli.digests"))


def move_pin(root: Path, version: str, releases: str) -> None:
    """Pins another release, in pyproject.toml and databricks.yml.

    Raises:
        Refusal: There is no such release, or a file lacks the former pin; nothing is written then.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        refuse([f"version {version!r} is refused: write a number such as 1.13.0"])
    old = read_pin(root)
    texts: dict[str, str] = {}
    new = CLI(version, fetch_digests(version, old.digests, releases))
    for name, former, wanted in list_edits(old, new):
        text = texts.get(name) or (root / name).read_text(encoding="utf-8")
        if former not in text:
            refuse([f"{name} does not have {former!r}: write {wanted!r} there by hand"])
        texts[name] = text.replace(former, wanted, 1)
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


def list_edits(old: CLI, new: CLI) -> Iterator[tuple[str, str, str]]:
    """File, former text and new text of each place that has the version or a digest."""
    for system, digest in old.digests.items():
        yield PYPROJECT, digest, new.digests[system]
    for name, place in PLACES.items():
        yield name, place.format(old.version), place.format(new.version)


def fetch_digests(version: str, systems: Iterable[str], releases: str) -> dict[str, str]:
    """The SHA-256 of each system's archive, as a release lists them.

    Raises:
        Refusal: There is no such release, or it lacks a system.
    """
    listed = fetch(f"{releases}/{SUMS}".format(version=version)).decode()
    digests = {name: digest for digest, name in (line.split() for line in listed.splitlines())}
    archives = {system: ARCHIVE.format(version=version, system=system) for system in systems}
    missing = sorted(set(archives.values()) - set(digests))
    refuse([f"{archive} is not in the release's list: choose another" for archive in missing])
    return {system: digests[archive] for system, archive in archives.items()}


def install_cli(folder: Path, release: CLI, releases: str) -> None:
    """Puts the CLI into `folder`, unless that very version is there.

    Args:
        releases: Address of a release's folder, with `{version}`.

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
    archive = fetch(f"{releases}/{ARCHIVE}".format(version=release.version, system=system))
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
