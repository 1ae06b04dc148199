"""`${...}` references, resolved as far as they lead."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from .yaml_source import BundleError, Path_, Places

REFERENCE = re.compile(r"\$\{([a-zA-Z_][\w.\[\]-]*)\}")


class References:
    """Chooses the variables' values: given ones, `BUNDLE_VAR_*`, the target's, defaults."""

    def __init__(self, config: dict[str, Any], places: Places, given: Mapping[str, str]) -> None:
        self._variables: dict[str, Any] = config["variables"]
        self._places = places
        self._given = given

    def choose_variables(self) -> None:
        """Sets `value` of every variable.

        Raises:
            BundleError: A given one is unknown, or one has no value.
        """
        unknown = sorted(set(self._given) - set(self._variables))
        there = ", ".join(sorted(self._variables))
        faults = [
            f"there is no variable {name!r} to be given: there are {there}" for name in unknown
        ]
        for name in self._variables:
            faults += self._choose(name)
        if faults:
            raise BundleError(faults)

    def _choose(self, name: str) -> list[str]:
        declared = dict(self._variables[name] or {})
        told = self._given.get(name, os.environ.get(f"BUNDLE_VAR_{name}"))
        if told is not None and declared.get("type") == "complex":
            fault = f"complex: neither --var nor BUNDLE_VAR_{name} can give it, but the YAML"
            return [self._places.describe(("variables", name), fault)]
        value = declared.get("default") if told is None else told
        self._variables[name] = {**declared, "value": value}
        if value is not None or "lookup" in declared:
            return []
        fault = f"no value: give it with --var {name}=... or set BUNDLE_VAR_{name}"
        return [self._places.describe(("variables", name), fault)]


def resolve(config: Any, places: Places, roots: Collection[str] | None = None) -> Any:
    """Replaces every reference into `roots`; all of them, when no roots are named.

    Raises:
        BundleError: A reference leads nowhere, or round in a circle.
    """
    faults: list[str] = []
    resolved = _Resolver(config, places, roots, faults).walk(config, (), ())
    if faults:
        raise BundleError(list(dict.fromkeys(faults)))
    return resolved


class _Resolver:
    def __init__(
        self, config: Any, places: Places, roots: Collection[str] | None, faults: list[str]
    ) -> None:
        self._config, self._places, self._roots, self._faults = config, places, roots, faults

    def walk(self, value: Any, path: Path_, trail: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {k: self.walk(v, (*path, k), trail) for k, v in value.items()}
        if isinstance(value, list):
            return [self.walk(v, (*path, i), trail) for i, v in enumerate(value)]
        return self._replace(value, path, trail) if isinstance(value, str) else value

    def _replace(self, text: str, path: Path_, trail: tuple[str, ...]) -> Any:
        whole = REFERENCE.fullmatch(text)
        if whole:
            return self._look_up(whole, path, trail)
        return REFERENCE.sub(lambda found: str(self._look_up(found, path, trail)), text)

    def _look_up(self, found: re.Match[str], path: Path_, trail: tuple[str, ...]) -> Any:
        name = found.group(1)
        parts = name.split(".")
        if parts[0] == "var":
            parts = ["variables", parts[1], "value", *parts[2:]]
        if self._roots is not None and parts[0] not in self._roots:
            return found.group(0)
        if name in trail:
            return self._fail(
                found, path, f"${{{name}}} refers to itself: give it a value of its own"
            )
        value = self._config
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None and self._is_looked_up(parts):
            # Only a workspace knows it, and no job on a laptop needs it.
            return found.group(0)
        if value is None:
            return self._fail(
                found, path, f"${{{name}}} is not defined: declare it, or correct the name"
            )
        return self.walk(value, path, (*trail, name))

    def _is_looked_up(self, parts: list[str]) -> bool:
        declared = self._config["variables"].get(parts[1]) if parts[0] == "variables" else None
        return "lookup" in (declared or {})

    def _fail(self, found: re.Match[str], path: Path_, fault: str) -> str:
        self._faults.append(self._places.describe(path, fault))
        return found.group(0)
