"""The rooms of the package: data goes one way, so a room imports no room that comes after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "{{ cookiecutter.__package }}"
STAGES = (
    "setup",
    "ingestion",
    "features",
    "training",
    "validation",
    "promotion",
    "inference",
    "streaming",
    "sinks",
    "serving",
    "monitoring",
)
# These read what any stage has written; no stage imports them.
ASIDE = ("mirroring", "inspection")
# Each of these may import the ones before it, and no stage.
SHARED = ("settings", "platform", "use_case", "registry")
# These collect from all rooms, and no room imports them.
COLLECTING = ("tables", "tasks")
CLIENTS = ("databricks", "mlflow")
MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))


def list_imports(module: str) -> Iterator[str]:
    """The dotted names that a module imports; those of the package begin with a dot."""
    folder = module.split("/")[:-1]
    for node in ast.walk(ast.parse((SOURCE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = [*folder[: len(folder) - node.level + 1], *(node.module or "").split(".")]
            for alias in node.names:
                yield "." + ".".join(part for part in (*base, alias.name) if part)


def list_rooms(module: str) -> set[str]:
    """The rooms of the package that a module imports, its own among them."""
    return {name.split(".")[1] for name in list_imports(module) if name.startswith(".")}


def list_allowed(room: str) -> set[str]:
    if room in SHARED:
        return set(SHARED[: SHARED.index(room) + 1])
    if room in STAGES:
        return {*SHARED, *STAGES[: STAGES.index(room) + 1]}
    return {*SHARED, *STAGES, room} if room in ASIDE else {*SHARED, *STAGES, *ASIDE, *COLLECTING}


def get_room(module: str) -> str:
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


def test_every_folder_is_a_room_that_is_known() -> None:
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*STAGES, *ASIDE, *SHARED} - {"settings"}


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__.py"])
def test_a_room_imports_no_room_that_comes_after_it(module: str) -> None:
    assert list_rooms(module) - list_allowed(get_room(module)) == set()


def test_judging_knows_nothing_of_promotion() -> None:
    judging = [module for module in MODULES if get_room(module) == "validation"]
    assert judging
    assert not any("promotion" in list_rooms(module) for module in judging)


def test_the_problem_is_stated_without_a_client() -> None:
    found = {name.split(".")[0] for name in list_imports("use_case/problem.py")}
    assert found & set(CLIENTS) == set()


def test_a_stage_has_a_task() -> None:
    assert {f"{stage}/task.py" for stage in (*STAGES, *ASIDE)} <= set(MODULES)


def test_the_root_holds_little_more_than_settings_and_tasks() -> None:
    root = [module for module in MODULES if "/" not in module]
    assert {"settings.py", "tasks.py"} <= set(root)
    assert len(root) <= 6
