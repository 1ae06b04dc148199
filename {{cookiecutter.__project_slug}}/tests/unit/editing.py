"""A copy of the package, edited and imported, and what the edit makes new."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from {{ cookiecutter.__package }} import settings

SOURCE = Path(settings.__file__).parent
NONE: set[str] = set()
# Edit, file, text before, text after, features that are computed again, whether a version is new.
# Features that are computed again have new Delta versions, so a version of them is new as well.
Edit = tuple[str, str, str, str, set[str], bool]


def forget(package: str) -> None:
    """Lets a package be imported anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]


def edit(copy: Path, file: str, before: str, after: str) -> None:
    text = (copy / file).read_text(encoding="utf-8")
    assert before in text, f"{file} has no {before!r} to edit"
    (copy / file).write_text(text.replace(before, after, 1), encoding="utf-8")


def identify(package: str) -> Mapping[str, str]:
    """The recipe of each feature table and of the model, by the code of a package."""
    tables = import_module(f"{package}.use_case.tables").FEATURE_TABLES
    rows, training = (
        import_module(f"{package}.{name}") for name in ("features.rows", "training.task")
    )
    recipes = {table.name: rows.identify_recipe(table) for table in tables}
    return {**recipes, "model": training.identify_recipe()}


def find_new(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)}


ORIGINAL = identify(SOURCE.name)
ALL = set(ORIGINAL) - {"model"}


def check_edit(copy: Path, made: Edit) -> None:
    """An edit makes new what depends on it, and nothing else."""
    _, file, before, after, features, version = made
    edit(copy, file, before, after)
    new = find_new(ORIGINAL, identify(copy.name))
    assert new - {"model"} == features
    assert bool(new) is version
