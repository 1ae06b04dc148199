"""The names that a project cannot have: its own folders', and those of everything it installs."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap

from rendering import ROOT, TEMPLATE

SETTINGS = ROOT / "cookiecutter.json"
KEY = "_taken_names"
PYTHON = ROOT / "build" / "flight-delays" / ".venv" / "bin" / "python"
LIST_MODULES = "import importlib.metadata as m; print(*m.packages_distributions())"
# What a project's name can become.
PACKAGE = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"


def list_taken_names() -> list[str]:
    """As Python would import them: what is locked, what that installs, and the folders."""
    locked = re.findall(r'(?m)^name = "([^"{]+)"$', (TEMPLATE / "uv.lock").read_text())
    folders = [path.name for path in TEMPLATE.iterdir() if path.is_dir() and path.name[0] != "."]
    folders.append("vendor")
    names = {re.sub(r"[-.]", "_", n.lower()) for n in [*locked, *list_modules(), *folders]}
    return sorted(name for name in names if re.fullmatch(PACKAGE, name))


def list_modules() -> list[str]:
    """What can be imported where a project is installed; often not what it is installed by."""
    command = [str(PYTHON), "-I", "-c", LIST_MODULES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def renew() -> None:
    """Writes the names into cookiecutter.json, a few on each line."""
    names = textwrap.fill(json.dumps(list_taken_names())[1:-1], 96, break_long_words=False)
    lines = textwrap.indent(names, "    ")
    text = SETTINGS.read_text()
    pattern = re.compile(rf'"{KEY}": \[.*?\]', re.DOTALL)
    SETTINGS.write_text(pattern.sub(f'"{KEY}": [\n{lines}\n  ]', text))


if __name__ == "__main__":
    renew()
