"""The changelog: a section for each release, the next one on top."""

from __future__ import annotations

import re

UNRELEASED = "Unreleased"
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def read_section(text: str, title: str) -> str:
    """The text of a section, empty where the section is missing. A date may follow the title."""
    parts = HEADING.split(text)[1:]
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        if heading.split(",")[0].strip() == title:
            return body.strip()
    return ""


def close_section(text: str, version: str, day: str) -> str:
    """The changelog with what was unreleased under the release's own heading."""
    new = f"## {UNRELEASED}\n\n## {version}, {day}"
    return re.sub(rf"^## {UNRELEASED}$", new, text, count=1, flags=re.MULTILINE)
