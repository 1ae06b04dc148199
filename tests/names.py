"""The names that a project cannot have: its own folders', and those of everything it installs."""

from __future__ import annotations

import json
import re
import textwrap

from rendering import ROOT, TEMPLATE

SETTINGS = ROOT / "cookiecutter.json"
KEY = "_taken_names"


def list_taken_names() -> list[str]:
    """As Python would import them."""
    locked = re.findall(r'(?m)^name = "([^"{]+)"$', (TEMPLATE / "uv.lock").read_text())
    folders = [path.name for path in TEMPLATE.iterdir() if path.is_dir() and path.name[0] != "."]
    return sorted({re.sub(r"[-.]", "_", name.lower()) for name in [*locked, *folders]})


def renew() -> None:
    """Writes the names into cookiecutter.json, a few on each line."""
    names = textwrap.fill(json.dumps(list_taken_names())[1:-1], 96, break_long_words=False)
    lines = textwrap.indent(names, "    ")
    text = SETTINGS.read_text()
    pattern = re.compile(rf'"{KEY}": \[.*?\]', re.DOTALL)
    SETTINGS.write_text(pattern.sub(f'"{KEY}": [\n{lines}\n  ]', text))


if __name__ == "__main__":
    renew()
