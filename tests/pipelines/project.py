"""A rendered project as the checks see it: its pipelines, expanded, and its verbs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reader import list_jobs, list_steps, read_pipeline
from runs import PIPELINES

# Where a check finds something, and what.
Found = Iterator[tuple[str, str]]
# Stands for what a person may type, wherever it ends up.
TYPED = "TYPED-BY-A-PERSON"


@dataclass(frozen=True)
class Project:
    """A rendered project.

    Attributes:
        name: What its connections and environments are named after.
        host: The answer repo_host.
        pipelines: Each as Azure sees it, with `TYPED` for every parameter that is free text.
    """

    folder: Path
    name: str
    host: str
    pipelines: dict[str, dict[str, Any]]

    @property
    def verbs(self) -> set[str]:
        """The targets of its Makefile."""
        return set(re.findall(r"^([a-z-]+):", (self.folder / "Makefile").read_text(), re.M))

    def list_jobs(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Each pipeline's name with each stage and job."""
        for name, pipeline in self.pipelines.items():
            for stage, job in list_jobs(pipeline):
                yield name, stage, job

    def list_steps(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Each pipeline's name with each job and step."""
        for name, _, job in self.list_jobs():
            for step in list_steps(job):
                yield name, job, step


def read_project(folder: Path, host: str) -> Project:
    """Reads a rendered project.

    Raises:
        Fault: A pipeline cannot be expanded.
    """
    pipelines = {}
    for name in PIPELINES:
        file = folder / f".azure-pipelines/{name}.yml"
        pipelines[name] = read_pipeline(file, dict.fromkeys(list_free_text(file), TYPED))
    return Project(folder, folder.name, host, pipelines)


def list_free_text(file: Path) -> Iterator[str]:
    """The parameters that a person may fill with anything."""
    blocks = re.findall(r"^  - name: (\w+)\n((?:    .*\n|      .*\n)*)", file.read_text(), re.M)
    return (name for name, block in blocks if "values:" not in block)


def walk_keys(value: Any) -> Iterator[str]:
    """Every key of maps within maps and lists."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from walk_keys(part)
    if isinstance(value, list):
        for part in value:
            yield from walk_keys(part)


def walk_texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text within maps and lists, with the key that it stands under."""
    if isinstance(value, str):
        yield key, value
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from walk_texts(part, str(name))
    for part in value if isinstance(value, list) else ():
        yield from walk_texts(part, key)
