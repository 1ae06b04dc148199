"""What a notebook task asks for that a laptop has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MAGIC = re.compile(r"^# MAGIC\s+(%\S+)", re.MULTILINE)
# Text, and what the project's environment has already.
PASSED_OVER = {"%md", "%pip"}
# What `run_notebook` gives.
DBUTILS = (
    "dbutils.jobs.taskValues.set",
    "dbutils.notebook.exit",
    "dbutils.widgets.get",
    "dbutils.widgets.text",
)


def find_notebook_faults(root: Path, task: Mapping[str, Any]) -> Iterator[str]:
    """What keeps a notebook from running here; its source is read, not run."""
    path, source = task["notebook_path"], task.get("source", "WORKSPACE")
    if source != "WORKSPACE":
        yield f"source {source} cannot run on a laptop, which has the bundle's files: remove it"
    elif not (root / path).exists():
        yield f"there is no notebook {path}: add it, or correct the path"
    elif not path.endswith(".py"):
        yield f"{path} cannot run on a laptop: export it as a source file, .py"
    else:
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        for fault in (*_find_magics(text), *_find_code_faults(text)):
            yield f"{path}: {fault}"


def _find_magics(text: str) -> Iterator[str]:
    for magic in sorted({*MAGIC.findall(text)} - PASSED_OVER):
        yield f"{magic} cannot run on a laptop: write it in Python"


def _find_code_faults(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}: correct it"
        return
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for call in sorted(name for name in called - {*DBUTILS} if name.startswith("dbutils.")):
        yield f"{call} cannot run on a laptop: there are {', '.join(DBUTILS)}"
