"""The contract between a project and this package: `[tool.bundlework]` of pyproject.toml.

The project names by role what the package needs; the package guesses nothing. docs/contract.md of
the package describes each role. A check or a verb whose role is not declared is skipped, or refused
by name.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from bundlework.errors import Refusal, refuse

PYPROJECT = "pyproject.toml"
TABLE = "tool.bundlework"


@dataclass(frozen=True)
class Jobs:
    """Keys of jobs in the bundle.

    Attributes:
        default: `bundlework run` plays this job when none is named.
        lifecycle: Runs all stages in order; documents draw its graph.
        integration_test: Runs in a copy for a pull request and in staging.
        rollback: Returns to the former champion.
        serving: Publishes features, and has the champion served.
    """

    default: str = ""
    lifecycle: str = ""
    integration_test: str = ""
    rollback: str = ""
    serving: str = ""


@dataclass(frozen=True)
class Targets:
    """Keys of targets in the bundle.

    Attributes:
        development: A person's own deployment.
        pull_request: A copy for one pull request, destroyed when the pull request is closed.
        staging: Follows the main branch.
        production: Follows release branches; only its schedules are live.
    """

    development: str = ""
    pull_request: str = ""
    staging: str = ""
    production: str = ""


@dataclass(frozen=True)
class Variables:
    """Names of the bundle's variables.

    Attributes:
        catalog: The catalog that a target writes to.
        read_catalogs: Catalogs that a target only reads.
        read_schemas: The schemas of those catalogs.
        listed_schemas: A list of further schemas that a target only reads, name=catalog.schema.
        deployer: Application id of the service principal that deploys.
        owner: E-mail address of the person who answers for the project.
        pull_request: Number of the pull request that a copy is made for.
        comparison_date: As-of date that two branches are trained for, to compare their models.
        online: Whether the job `serving` does anything; true or false.
        endpoint: Name of the endpoint that this job makes, and of its online store.
    """

    catalog: str = ""
    read_catalogs: tuple[str, ...] = ()
    read_schemas: tuple[str, ...] = ()
    listed_schemas: str = ""
    deployer: str = ""
    owner: str = ""
    pull_request: str = ""
    comparison_date: str = ""
    online: str = ""
    endpoint: str = ""


@dataclass(frozen=True)
class Parameters:
    """Names of job parameters.

    Attributes:
        as_of: The date before which a run may know facts.
        model_name: Full name of a model in the registry.
        model_version: Number of a model version.
        reason: Why a person asks for a rollback.
        by: The person who asks.
        read: Parameters of notebooks and jobs that name a place which is only read.
    """

    as_of: str = ""
    model_name: str = ""
    model_version: str = ""
    reason: str = ""
    by: str = ""
    read: tuple[str, ...] = ()


@dataclass(frozen=True)
class Approval:
    """How a job waits for a person.

    Attributes:
        task: Key of the task that waits; the person's answer is a tag of this name.
        exception: Name of the exception that the task raises while the approval is missing.
    """

    task: str = ""
    exception: str = ""


@dataclass(frozen=True)
class EveryJob:
    """Demands on every job of the bundle.

    Attributes:
        fields: Fields that every job states.
        tags: Tags that every job has; usage is billed by them.
        identity: Tags that together tell the jobs of one deployment from all others.
    """

    fields: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pipelines:
    """Files in .azure-pipelines/, without their ending.

    Attributes:
        pull_request, staging, production, rollback, clean_up: The purpose of each file.
    """

    pull_request: str = ""
    staging: str = ""
    production: str = ""
    rollback: str = ""
    clean_up: str = ""


@dataclass(frozen=True)
class CLI:
    """The pinned release of the Databricks CLI.

    Attributes:
        version: Number of the release; the bundle asks for no older one.
        digests: SHA-256 of each system's archive.
    """

    version: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contract:
    """Everything that a project declares.

    Attributes:
        workspace: Module with the class `Workspace`, which a task is given, and the context manager
            `use`, which makes a workspace the one that tasks get.
        account: `module:function` that prints an account of a finished run.
        request: `module:function` that reads a request for the endpoint, by a key.
        settings: `module:class` by entry point: the pydantic model that parses its parameters.
        trained_by: Files and folders that a model depends on.
        jars: Maven coordinates of what Spark needs on a laptop, such as the driver of a database.
    """

    workspace: str = ""
    account: str = ""
    request: str = ""
    trained_by: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    jobs: Jobs = Jobs()
    targets: Targets = Targets()
    variables: Variables = Variables()
    parameters: Parameters = Parameters()
    approval: Approval = Approval()
    every_job: EveryJob = EveryJob()
    pipelines: Pipelines = Pipelines()
    cli: CLI = CLI()

    def find(self, role: str) -> Any:
        """The value of a role such as `jobs.rollback`; empty where it is not declared."""
        value: Any = self
        for part in role.split("."):
            value = getattr(value, part)
        return value

    def need(self, role: str) -> Any:
        """The value of a role.

        Raises:
            Refusal: The project does not declare the role.
        """
        value = self.find(role)
        if not value:
            raise Refusal(f"{PYPROJECT}: {TABLE}.{role} is not declared: name what has this role")
        return value


def read_contract(root: Path) -> Contract:
    """The contract of the project in `root`; all roles are empty where there is no such table.

    Raises:
        Refusal: A key is unknown, or a value has the wrong type; one line for each.
    """
    return _parse_contract(_read_text(root))


@cache
def _parse_contract(text: str) -> Contract:
    table = tomllib.loads(text).get("tool", {}).get("bundlework", {})
    faults = [f"{_locate(text, path)}: {'.'.join(path)}: {fault}" for path, fault in _judge(table)]
    refuse(faults)
    contract: Contract = _build(Contract, table)
    return contract


def _locate(text: str, path: tuple[str, ...]) -> str:
    word = re.compile(rf"^\s*{re.escape(path[-1])}\s*=|^\[{re.escape('.'.join(path))}\]")
    numbered = enumerate(text.splitlines(), 1)
    return f"{PYPROJECT}:{next((number for number, line in numbered if word.search(line)), 1)}"


def _judge(
    table: Any, kind: Any = Contract, path: tuple[str, ...] = tuple(TABLE.split("."))
) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(table, dict):
        yield path, f"{table!r} is not a table: write [{'.'.join(path)}]"
        return
    hints = get_type_hints(kind)
    for name, value in table.items():
        if name not in hints:
            yield (*path, name), f"unknown role: there are {', '.join(hints)}"
        elif is_dataclass(hints[name]):
            yield from _judge(value, hints[name], (*path, name))
        elif fault := _judge_value(value, hints[name]):
            yield (*path, name), fault


def _judge_value(value: Any, hint: Any) -> str:
    texts = {str: [value], tuple[str, ...]: value, Mapping[str, str]: value}[hint]
    shape = {str: str, tuple[str, ...]: list, Mapping[str, str]: dict}[hint]
    words = {str: "a text", list: "a list of texts", dict: "a table of texts"}[shape]
    inside = texts.values() if isinstance(texts, dict) else texts
    if isinstance(value, shape) and all(isinstance(text, str) for text in inside):
        return ""
    return f"{value!r} is refused: write {words}"


def _build(kind: Any, table: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    given = {f.name: table[f.name] for f in fields(kind) if f.name in table}
    return kind(**{name: _convert(hints[name], value) for name, value in given.items()})


def _convert(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return _build(hint, value)
    return tuple(value) if isinstance(value, list) else value


def read_pyproject(root: Path) -> dict[str, Any]:
    """The project's own description; empty where there is none."""
    return _parse_pyproject(_read_text(root))


# Asked hundreds of times while a bundle is checked.
_parse_pyproject = cache(tomllib.loads)


def _read_text(root: Path) -> str:
    file = root / PYPROJECT
    return file.read_text(encoding="utf-8") if file.exists() else ""


def read_package(root: Path) -> str:
    """The name of the project's Python package; empty where pyproject.toml names none."""
    return str(read_pyproject(root).get("project", {}).get("name", "")).replace("-", "_")


def get_state(root: Path) -> Path:
    """The folder that a project's runs keep everything in."""
    return Path(os.environ.get("LOCAL_WORKSPACE") or root / ".workspace")
