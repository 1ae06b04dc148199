"""Reads pipelines as Azure does before a run: templates put in place, `${{ }}` filled in.

Only what the project's pipelines use is known; anything else is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
PARAMETER = re.compile(r"parameters\.(\w+)")
INSERT = "${{ insert }}"
LISTS = ("stages", "jobs", "steps")


@dataclass(frozen=True)
class Fault(Exception):
    """What is wrong: the check that found it, where, and what."""

    check: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.text}"


def read_pipeline(file: Path, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The pipeline, expanded, with a list of stages even where the file has jobs alone.

    Args:
        given: Values of its parameters; the others get their default.

    Raises:
        Fault: A template is missing or called wrongly, or an expression or a strategy is unknown.
    """
    content = parse(file.read_text())
    parameters = fill_parameters(content, given or {}, file.name)
    body = {key: value for key, value in content.items() if key != "parameters"}
    expanded = Expansion(file, parameters).expand(body)
    if "stages" not in expanded:
        expanded["stages"] = [{"stage": "only", "jobs": expanded.pop("jobs")}]
    for _, job in list_jobs(expanded):
        check_strategy(job, file.name)
    return expanded


def check_strategy(job: dict[str, Any], where: str) -> None:
    """Refuses steps in places that no check looks at, such as on.failure.

    Raises:
        Fault: A job has some.
    """
    strategy = job.get("strategy", {"runOnce": {"deploy": {}}})
    deploy = strategy.get("runOnce", {}).get("deploy", {})
    if strategy != {"runOnce": {"deploy": deploy}} or deploy.keys() - {"steps"}:
        raise Fault("strategies are known", where, f"{list(strategy)} is not runOnce.deploy.steps")


@cache
def parse(text: str) -> dict[str, Any]:
    """A file's content, which nobody changes; files are read again for every event."""
    return yaml.safe_load(text)


def fill_parameters(
    content: dict[str, Any], given: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The values of a file's parameters.

    Raises:
        Fault: One is missing, unknown, or not among the values allowed.
    """
    declared = {parameter["name"]: parameter for parameter in content.get("parameters", [])}
    for name in given:
        if name not in declared:
            raise Fault("template parameters match", where, f"there is no parameter {name}")
    values = {}
    for name, parameter in declared.items():
        if name not in given and "default" not in parameter:
            raise Fault("template parameters match", where, f"{name} is not given")
        values[name] = given.get(name, parameter.get("default"))
        if values[name] not in parameter.get("values", [values[name]]):
            raise Fault("template parameters match", where, f"{name} cannot be {values[name]}")
    return values


@dataclass(frozen=True)
class Expansion:
    """A file's content with these values of its parameters."""

    file: Path
    parameters: Mapping[str, Any]

    def expand(self, value: Any) -> Any:
        """The value with every template and expression in it replaced."""
        if isinstance(value, str):
            return self.fill_in(value)
        if isinstance(value, list):
            return [part for entry in value for part in self.expand_entry(entry)]
        if isinstance(value, dict):
            return self.expand_map(value)
        return value

    def expand_map(self, value: dict[str, Any]) -> dict[str, Any]:
        """A map, with what `${{ insert }}` adds to it."""
        expanded = {}
        for key, part in value.items():
            if key == INSERT:
                expanded |= self.expand(part)
            else:
                expanded[key] = self.expand(part)
        return expanded

    def expand_entry(self, entry: Any) -> Iterator[Any]:
        """An entry of a list; a template gives several."""
        if isinstance(entry, dict) and "template" in entry:
            yield from self.call(entry["template"], self.expand(entry.get("parameters", {})))
        else:
            yield self.expand(entry)

    def call(self, name: str, given: Mapping[str, Any]) -> list[Any]:
        """What a template gives.

        Raises:
            Fault: There is no such file, or its parameters are others.
        """
        file = self.file.parent / name
        if not file.exists():
            raise Fault("templates exist", self.file.name, f"there is no template {name}")
        content = parse(file.read_text())
        inside = Expansion(file, fill_parameters(content, given, f"{self.file.name} > {name}"))
        (kind,) = (kind for kind in LISTS if kind in content)
        return inside.expand(content[kind])

    def fill_in(self, text: str) -> Any:
        """A text with its expressions replaced; an expression alone keeps its value's type."""
        whole = EXPRESSION.fullmatch(text)
        if whole:
            return self.look_up(whole.group(1))
        return EXPRESSION.sub(lambda found: str(self.look_up(found.group(1))), text)

    def look_up(self, expression: str) -> Any:
        """A parameter's value.

        Raises:
            Fault: The expression is something else, or there is no such parameter.
        """
        found = PARAMETER.fullmatch(expression)
        if not found or found.group(1) not in self.parameters:
            raise Fault("expressions are known", self.file.name, expression)
        return self.parameters[found.group(1)]


def list_jobs(pipeline: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each stage and job."""
    for stage in pipeline["stages"]:
        for job in stage["jobs"]:
            yield stage, job


def list_steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a job or of a deployment job."""
    return job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]


def get_script(step: dict[str, Any]) -> str:
    """What a step runs in a shell; nothing for other tasks."""
    return step.get("bash") or step.get("inputs", {}).get("inlineScript", "")


def get_verb(step: dict[str, Any]) -> str:
    """The verb of the Makefile that a step calls; nothing for other steps."""
    found = re.match(r"make ([a-z-]+)", get_script(step))
    return found.group(1) if found else ""


def get_option(step: dict[str, Any], name: str) -> str:
    """The value of `NAME=value` in a step's script."""
    found = re.search(rf"\b{name}=(\S+)", get_script(step))
    return found.group(1) if found else ""
