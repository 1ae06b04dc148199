"""Builds the wheel under a name that tells what is in it.

Two wheels of one version and different content would have one name: a run would start with the one,
and its later tasks would find the other. So the version gets a digest of the content, as a local
version of PEP 440: `1.2.0+h3f2a9c0d1e4b`. Equal content has an equal name: a second plan is empty.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from .programs import run

FOLDER = "dist"
# Of the digest; a letter before them keeps a version of nothing but digits a text.
DIGITS = 12


def build_wheel(root: Path, options: Sequence[str]) -> None:
    """Leaves one wheel of the project in `dist/`; wheels of other packages there stay.

    Args:
        options: Further ones of `uv build`, such as constraints of the build.

    Raises:
        Refusal: uv is missing, or the build failed; the former wheel stays then.
    """
    with TemporaryDirectory() as scratch:
        run(root, "uv", "build", "--quiet", "--wheel", "--out-dir", scratch, *options)
        (built,) = Path(scratch).glob("*.whl")
        folder = root / FOLDER
        folder.mkdir(exist_ok=True)
        # The bundle takes every wheel that lies there.
        for former in folder.glob(f"{built.name.split('-')[0]}-*.whl"):
            former.unlink()
        print(mark_wheel(built, folder).name)


def mark_wheel(wheel: Path, folder: Path) -> Path:
    """Writes a wheel into `folder`, its version followed by a digest of its content."""
    package, version, tags = wheel.name.split("-", 2)
    with ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    # The backend's own list of files and their digests.
    marked = mark_version(version, files.pop(f"{package}-{version}.dist-info/RECORD"))
    former, new = f"{package}-{version}.", f"{package}-{marked}."
    named = {re.sub(rf"^{re.escape(former)}", new, name): text for name, text in files.items()}
    metadata, record = (f"{new}dist-info/{name}" for name in ("METADATA", "RECORD"))
    named[metadata] = re.sub(
        rb"(?m)^Version: .*$", f"Version: {marked}".encode(), named[metadata], count=1
    )
    named[record] = write_record(named, record)
    made = folder / f"{package}-{marked}-{tags}"
    with ZipFile(made, "w") as archive:
        for name, text in named.items():
            archive.writestr(ZipInfo(name), text, ZIP_DEFLATED)
    return made


def mark_version(version: str, content: bytes) -> str:
    """The version with a digest of the content after what is local in it already."""
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    return f"{version}{'.' if '+' in version else '+'}h{digest}"


def write_record(files: Mapping[str, bytes], own: str) -> bytes:
    """The list that installers check: name, digest and size of each file, and its `own` name."""
    lines = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(text: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
