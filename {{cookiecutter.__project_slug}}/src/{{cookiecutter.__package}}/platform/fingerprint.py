"""Identifies the code that computes something, as narrowly as the truth allows.

A fingerprint begins at functions and follows every name that they use to its definition inside the
package, and so on. Of a definition it keeps the syntax tree, without comments, docstrings and the
annotations of functions. Of a constant it keeps the value, and of a table or a problem the shape of
its rows, so that wording changes no fingerprint. Where a name cannot be followed, the whole package
counts.
"""

from __future__ import annotations

import ast
import copy
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from .problem import Problem
from .vocabulary import Table

PACKAGE = __name__.split(".")[0]
FOLDER = Path(__file__).parents[1]
PLAIN = (bool, int, float, str, bytes, type(None), dt.date, dt.timedelta)
# Code that uses one of these can reach anything.
UNCLEAR = {"eval", "exec", "globals", "import_module", "importlib", "__import__"}
# In place of a name: the whole module, or the statements that run when it is imported.
WHOLE, RUN = "*", ""
Functions = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[str, str]


class UnclearError(LookupError):
    """A name cannot be followed to its definition."""


@dataclass(frozen=True)
class Fact:
    """The text that stands for a place in the code, and the places that it depends on."""

    text: str
    reached: tuple[Place, ...] = ()


def digest_facts(*facts: object) -> str:
    """Digests facts, by their `repr`, with SHA-256."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def fingerprint(*functions: Callable[..., object]) -> str:
    """Digests the code that some functions of the package reach, or all code when unclear."""
    try:
        return digest_facts(follow([_locate(function) for function in functions]))
    except UnclearError:
        return digest_facts([(name, _write(read_module(name).body)) for name in _list_modules()])


def follow(places: list[Place]) -> list[tuple[Place, str]]:
    """Collects the text of places and of all that they depend on, in order of place."""
    found: dict[Place, str] = {}
    while places:
        place = places.pop()
        if place not in found:
            fact = describe(*place)
            found[place] = fact.text
            places += [*fact.reached, *((parent, RUN) for parent in _list_parents(place[0]))]
    return sorted(found.items())


def describe(module: str, name: str) -> Fact:
    """Describes what a name of a module stands for.

    Raises:
        UnclearError: The module does not define the name in a way that can be followed.
    """
    if name == WHOLE:
        return Fact("", tuple((module, bound) for bound in _bind(module)))
    if name == RUN:
        run = [node for node in read_module(module).body if not _only_defines(node)]
        return Fact(_write(run), _list_reached(module, run))
    value = getattr(import_module(f"{PACKAGE}.{module}"), name, UnclearError)
    if isinstance(value, Problem):
        reached = tuple(_locate(function) for function in value.functions)
        return Fact(_describe_value(value.shape), reached)
    if _is_plain(value):
        return Fact(_describe_value(value))
    if name not in _bind(module):
        raise UnclearError(f"{module} does not define {name}")
    node = _bind(module)[name]
    if isinstance(node, ast.ImportFrom | ast.Import):
        return _describe_import(module, node, name)
    return Fact(_write([node]), _list_reached(module, [node]))


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(_is_plain(part) for part in value)
    return isinstance(value, (*PLAIN, Table))


def _describe_value(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_describe_value(part) for part in value)})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(_describe_value(part) for part in value))}}}"
    return repr(value.shape if isinstance(value, Table) else value)


def _describe_import(module: str, node: ast.ImportFrom | ast.Import, name: str) -> Fact:
    facts = [_resolve(module, node, a) for a in node.names if _get_bound(a) == name]
    return Fact(" ".join(f.text for f in facts), tuple(p for f in facts for p in f.reached))


def _resolve(module: str, node: ast.ImportFrom | ast.Import, alias: ast.alias) -> Fact:
    """Describes what an import brings: a place in the package, or a name outside."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return Fact("", (_find_place(_find_origin(module, node), alias.name),))
    source = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
    if source.split(".")[0] == PACKAGE:
        raise UnclearError(f"{module} imports {source}: write a relative import")
    return Fact(source)


def _get_bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _find_origin(module: str, node: ast.ImportFrom) -> str:
    is_package = (FOLDER / module.replace(".", "/")).is_dir()
    parents = module.split(".") if is_package else module.split(".")[:-1]
    above = parents[: len(parents) - (node.level - 1)]
    return ".".join([*above, *([node.module] if node.module else [])])


def _find_place(origin: str, name: str) -> Place:
    inner = f"{origin}.{name}".strip(".")
    return (inner, WHOLE) if inner in _list_modules() else (origin, name)


def _list_reached(module: str, nodes: list[ast.stmt]) -> tuple[Place, ...]:
    reached: list[Place] = []
    for node in (inner for outer in nodes for inner in ast.walk(_strip(outer))):
        if isinstance(node, ast.Name) and node.id in UNCLEAR:
            raise UnclearError(f"{module} uses {node.id}")
        if isinstance(node, ast.Global):
            raise UnclearError(f"{module} rebinds {', '.join(node.names)}")
        if isinstance(node, ast.Name) and node.id in _bind(module):
            reached.append((module, node.id))
        if isinstance(node, ast.ImportFrom | ast.Import):
            reached += [p for alias in node.names for p in _resolve(module, node, alias).reached]
    return tuple(reached)


@cache
def _bind(module: str) -> dict[str, ast.stmt]:
    """Maps each name that a module binds to the one statement that binds it.

    Raises:
        UnclearError: Several statements bind a name, or a star import binds names unseen.
    """
    bound: dict[str, ast.stmt] = {}
    for node in read_module(module).body:
        for name in _list_bound(node):
            if name == WHOLE:
                raise UnclearError(f"{module} has a star import")
            if name in bound and bound[name] is not node:
                raise UnclearError(f"{module} defines {name} twice")
            bound[name] = node
    return bound


def _list_bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, Functions | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.ImportFrom | ast.Import):
        yield from map(_get_bound, node.names)
    else:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id
            elif inner is not node and isinstance(inner, ast.stmt):
                yield from _list_bound(inner)


def _only_defines(node: ast.stmt) -> bool:
    """Whether a statement can be left out where nothing uses the names that it binds."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    targets = node.targets if isinstance(node, ast.Assign) else []
    if not all(isinstance(target, ast.Name) for target in targets):
        return False
    defining = (Functions, ast.ClassDef, ast.ImportFrom, ast.Import, ast.Assign, ast.AnnAssign)
    return isinstance(node, defining) or _is_text(node)


def _write(nodes: list[ast.stmt]) -> str:
    return "\n".join(ast.unparse(_strip(node)) for node in nodes)


def _strip(node: ast.stmt) -> ast.stmt:
    stripped: ast.stmt = _Stripper().visit(copy.deepcopy(node))
    return stripped


class _Stripper(ast.NodeTransformer):
    """Removes docstrings, and the annotations of functions, which nothing reads."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        node.body = _drop_texts(node.body)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = _drop_texts(node.body)
        return self.generic_visit(node)


def _drop_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for node in body if not _is_text(node)] or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _locate(function: Callable[..., object]) -> Place:
    package, _, module = getattr(function, "__module__", "").partition(".")
    if package != PACKAGE or not hasattr(function, "__qualname__"):
        raise UnclearError(f"{function} is not a function of the package")
    return module, function.__qualname__


def _list_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(len(parts))]


@cache
def _list_modules() -> tuple[str, ...]:
    paths = [path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("*.py")]
    names = {".".join(path.parts).removesuffix("__init__").rstrip(".") for path in paths}
    return tuple(sorted(names))


@cache
def read_module(module: str) -> ast.Module:
    """Parses a module of the package; the empty name is the package itself."""
    base = FOLDER / module.replace(".", "/") if module else FOLDER
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))
