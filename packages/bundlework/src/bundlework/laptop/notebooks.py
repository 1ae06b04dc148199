"""Notebooks in Python, as source files and as Jupyter's, and what a laptop lacks for one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

JUPYTER = ".ipynb"
# A command to the notebook instead of Python: in a source file, and in a cell of Jupyter's.
SOURCE_MAGIC = re.compile(r"^# MAGIC\s+(%\S+)", re.MULTILINE)
CELL_MAGIC = re.compile(r"^\s*(%\S+|!)", re.MULTILINE)
# A line that Python does not take.
MAGIC_LINE = re.compile(r"^\s*(%|!).*$", re.MULTILINE)
# Text, and what the project's environment has already.
PASSED_OVER = {"%md", "%pip"}
# The names that `run_notebook` gives.
DBUTILS = (
    "dbutils.jobs.taskValues.set",
    "dbutils.notebook.exit",
    "dbutils.widgets.get",
    "dbutils.widgets.text",
)


def read_cells(file: Path) -> list[str]:
    """The Python of a notebook, cell by cell; a source file is one.

    Raises:
        ValueError: The file is not a Jupyter notebook.
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix != JUPYTER:
        return [text]
    # A cell that begins with %md is text.
    cells = [cell for cell in _read_jupyter(text) if not cell.lstrip().startswith("%md")]
    return [MAGIC_LINE.sub("", cell) for cell in cells]


def _read_jupyter(text: str) -> list[str]:
    try:
        cells = json.loads(text)["cells"]
        written = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return ["".join(source) for source in written]
    except (ValueError, LookupError, TypeError):
        raise ValueError("the file is no notebook of Jupyter's") from None


def find_notebook_faults(file: Path) -> Iterator[str]:
    """Finds why a notebook cannot run on a laptop; reads its source, and runs nothing."""
    if file.suffix not in (".py", JUPYTER):
        yield "a laptop runs notebooks in Python alone: write it as .py or .ipynb"
        return
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
        is_source = file.suffix == ".py"
        magics = SOURCE_MAGIC.findall(text) if is_source else _list_magics(_read_jupyter(text))
        cells = read_cells(file)
    except ValueError as error:
        yield f"{error}: export it again"
        return
    for magic in sorted({*magics} - PASSED_OVER):
        yield f"{magic} cannot run on a laptop: write it in Python"
    for cell in cells:
        yield from find_code_faults(cell)


def _list_magics(cells: list[str]) -> list[str]:
    return [magic for cell in cells for magic in CELL_MAGIC.findall(cell)]


def find_code_faults(text: str) -> Iterator[str]:
    """Broken Python, and calls of `dbutils` that a laptop lacks."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        yield f"line {line}: {getattr(error, 'msg', error)}: correct it"
        return
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for call in sorted(name for name in called - {*DBUTILS} if name.startswith("dbutils.")):
        yield f"{call} cannot run on a laptop: there are {', '.join(DBUTILS)}"
