"""`${...}` references, resolved as far as they lead."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from . import known
from .yaml_source import BundleError, Path_, Places, Written

# A letter, then letters and digits, with hyphens and underscores between them: as the CLI has it.
NAME = r"[^\W\d_](?:[\w-]*[^\W_])?"
INDEX = r"(?:\[[0-9]+\])*"
REFERENCE = re.compile(rf"\$\{{({NAME}(?:\.{NAME}{INDEX})*{INDEX})\}}")
# Where references lead that can be followed before a deployment. Other texts of the form, such as
# a shell's ${HOME}, are left as they are.
ROOTS = ("bundle", "workspace", "variables", "resources")
# References that the CLI resolves to an empty text where the bundle has no value.
EMPTY = {
    "bundle": known.BUNDLE | known.BUNDLE_TOLD,
    "workspace": known.WORKSPACE,
}


class References:
    """Chooses the variables' values: given ones, `BUNDLE_VAR_*`, the target's, defaults.

    Args:
        given: Values that a person gives on the command line.
        kept: Values that a person keeps in a file beside the bundle.
    """

    def __init__(
        self,
        config: dict[str, Any],
        places: Places,
        given: Mapping[str, str],
        kept: Mapping[str, Any],
    ) -> None:
        self._variables: dict[str, Any] = config["variables"]
        self._places = places
        self._given, self._kept = given, kept

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
        declared = self._variables[name]
        told = self._given.get(name, os.environ.get(f"BUNDLE_VAR_{name}"))
        if told is not None and declared.get("type") == "complex":
            fault = f"complex: neither --var nor BUNDLE_VAR_{name} can give it, but the YAML"
            return [self._places.describe(("variables", name), fault)]
        is_looked_up = bool(declared.get("lookup"))
        default = None if is_looked_up else self._kept.get(name, declared.get("default"))
        value = default if told is None else told
        self._variables[name] = {**declared, "value": value}
        if value is not None or is_looked_up:
            return []
        fault = f"no value: give it with --var {name}=... or set BUNDLE_VAR_{name}"
        return [self._places.describe(("variables", name), fault)]


def resolve(config: Any, places: Places, roots: Collection[str] | None = None) -> Any:
    """Replaces every reference into `roots`; all that can be followed, when no roots are named.

    Raises:
        BundleError: A reference leads nowhere, or round in a circle.
    """
    faults: list[str] = []
    resolved = _Resolver(config, places, roots or ROOTS, faults).walk(config, (), ())
    if faults:
        raise BundleError(list(dict.fromkeys(faults)))
    return resolved


class _Resolver:
    def __init__(
        self, config: Any, places: Places, roots: Collection[str], faults: list[str]
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
        value: Any
        if whole:
            value = self._look_up(whole, path, trail)
        else:
            value = REFERENCE.sub(lambda found: self._look_up_text(found, path, trail), text)
        # A path relates to the file that refers to the variable, not to the variable's own.
        if isinstance(text, Written) and isinstance(value, str):
            return Written(value, text.folder)
        return value

    def _look_up_text(self, found: re.Match[str], path: Path_, trail: tuple[str, ...]) -> str:
        value = self._look_up(found, path, trail)
        if isinstance(value, dict | list):
            fault = f"{found[0]} is a mapping or a list: refer to it alone, with no text around it"
            return self._fail(found, path, fault)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _look_up(self, found: re.Match[str], path: Path_, trail: tuple[str, ...]) -> Any:
        name = found.group(1)
        parts = _split(name)
        if parts[0] not in self._roots:
            return found.group(0)
        if name in trail:
            return self._fail(
                found, path, f"${{{name}}} refers to itself: give it a value of its own"
            )
        value = self._config
        for part in parts:
            value = _get(value, part)
        if value is not None:
            return self.walk(value, path, (*trail, name))
        if len(parts) == 2 and parts[1] in EMPTY.get(str(parts[0]), ()):
            return ""
        if self._is_known_later(parts):
            return found.group(0)
        return self._fail(
            found, path, f"${{{name}}} is not defined: declare it, or correct the name"
        )

    def _is_known_later(self, parts: list[str | int]) -> bool:
        """Whether only a workspace, a deployment or the project's Python code knows the value."""
        match parts:
            case ["variables", name, "value", *_]:
                return bool((_get(self._config["variables"], name) or {}).get("lookup"))
            case ["resources", kind, key, _, *_]:
                declared = _get(_get(self._config.get("resources"), kind), key)
                return declared is not None or has_python(self._config)
            case ["workspace", "current_user", _] | ["bundle", "git", _]:
                return True
        return False

    def _fail(self, found: re.Match[str], path: Path_, fault: str) -> str:
        self._faults.append(self._places.describe(path, fault))
        return found.group(0)


def has_python(config: Mapping[str, Any]) -> bool:
    """Whether Python code declares or changes resources, which the CLI alone runs."""
    experimental = config.get("experimental") or {}
    sections = (config.get("python"), experimental.get("python"), experimental.get("pydabs"))
    return any(sections)


def _split(name: str) -> list[str | int]:
    parts: list[str | int] = [
        int(part[1:-1]) if part.startswith("[") else part
        for part in re.findall(r"\[[0-9]+\]|[^.\[\]]+", name)
    ]
    if parts[0] == "var":
        return ["variables", *parts[1:2], "value", *parts[2:]]
    return parts


def _get(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None
