"""The golden files: for each choice of options, what rendering makes of the template."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from rendering import CHOICES, TEMPLATE, list_files, render

DEFAULTS = {"compute": "serverless", "repo_host": "azure_repos"}
GOLDEN = Path(__file__).parent / "golden"
# Half a megabyte of which rendering changes one line, what is exported from it, what names this
# very commit, and the package: tests of their own look at them.
LEFT_OUT = ("uv.lock", "requirements.txt", ".template.json", "vendor/")


def render_choice(choice: str, folder: Path) -> dict[str, bytes]:
    """What rendering changes: against the template, or for other choices against the default."""
    rendered = list_rendered(render(folder / choice, **CHOICES[choice]))
    if choice == "default":
        template = {name_in_project(n): c for n, c in list_files(TEMPLATE).items()}
        return {n: c for n, c in rendered.items() if template.get(n) != c}
    default = list_rendered(render(folder / "default"))
    return {n: c for n, c in rendered.items() if default.get(n) != c}


def list_rendered(project: Path) -> dict[str, bytes]:
    """The files of a project that golden files stand for."""
    return {n: c for n, c in list_files(project).items() if not n.startswith(LEFT_OUT)}


def name_in_project(name: str) -> str:
    """What a file of the template is called in the default project; itself where it is left out."""
    name = name.replace("{{cookiecutter.__package}}", "flight_delays")
    condition = re.search(r"\{% if cookiecutter\.(\w+) == '(\w+)' %\}(.*)\{% endif %\}", name)
    if condition and condition.group(2) == DEFAULTS[condition.group(1)]:
        return name.replace(condition.group(0), condition.group(3))
    return name


def renew() -> None:
    """Writes all golden files anew."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        for choice in CHOICES:
            for name, content in render_choice(choice, Path(scratch) / choice).items():
                path = GOLDEN / choice / f"{name}.golden"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


if __name__ == "__main__":
    renew()
