"""Which code runs: part of the identity of what it computes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def digest_code(*parts: str) -> str:
    """SHA-256 of the package's modules, or of the given modules and folders of it."""
    package = Path(__file__).parent
    roots = [package / part for part in parts] or [package]
    files = {path for root in roots for path in (root.rglob("*.py") if root.is_dir() else [root])}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def digest_facts(*facts: object) -> str:
    """SHA-256 of facts that name themselves by `repr`."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()
