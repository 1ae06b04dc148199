"""All that a job installs is pinned, and is what the laptop has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import list_targets
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..use_case.packages import WITHOUT_WHEEL

ROOT = Path(__file__).parents[2]
WRITTEN = ("requirements.txt", "build-requirements.txt")
SOURCES = ("Makefile", "tools.mk", "compute.yml", "pyproject.toml", "uv.lock", "README.md")
# Where jobs run.
LINUX = {
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "python_full_version": "3.12.3",
    "python_version": "3.12",
    "sys_platform": "linux",
}
# Another Spark than the platform's own would end the session.
SPARK = {"pyspark", "pyspark-client", "pyspark-connect", "delta-spark", "databricks-connect"}


def applies(requirement: Requirement, extras: set[str] | frozenset[str] = frozenset()) -> bool:
    marker = requirement.marker
    return not marker or any(marker.evaluate({**LINUX, "extra": e}) for e in ("", *extras))


def read_pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = [Requirement(line.removesuffix(" \\")) for line in lines if line[:1].isalpha()]
    pins = {}
    for requirement in filter(applies, listed):
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        pins[canonicalize_name(requirement.name)] = pin.version
    return pins


def test_they_are_what_the_lock_file_says(tmp_path: Path) -> None:
    for name in SOURCES:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "vendor", tmp_path / "vendor")
    frozen = {**os.environ, "UV_FROZEN": "1"}
    subprocess.run(["make", "lock"], cwd=tmp_path, env=frozen, check=True)
    for name in WRITTEN:
        assert (ROOT / name).read_text() == (tmp_path / name).read_text(), "run make lock"


@pytest.mark.skipif(sys.platform != "linux", reason="asks the packages that Linux has")
def test_nothing_is_left_to_a_resolver() -> None:
    pins, package = read_pins(), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(text) for text in package["dependencies"]]
    left = [Requirement(name) for name in pins] + asked
    seen = set()
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{requirement} is not pinned"
        assert requirement.specifier.contains(pins[name], prereleases=True), requirement
        if str(requirement) not in seen:
            left += list_needed(requirement)
        seen.add(str(requirement))


def list_needed(requirement: Requirement) -> Iterator[Requirement]:
    for text in requires(requirement.name) or []:
        needed = Requirement(text)
        if applies(needed, requirement.extras):
            needed.marker = None
            yield needed


def test_only_what_the_use_case_names_is_built_when_a_job_starts() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    without_wheel = {package["name"] for package in locked if not package.get("wheels")}
    assert read_pins().keys() & without_wheel <= WITHOUT_WHEEL


def test_spark_is_the_platforms_own() -> None:
    assert read_pins().keys() & SPARK == set()


@pytest.mark.parametrize("target", list_targets(ROOT))
def test_every_task_installs_them_and_the_wheel(target: str) -> None:
    bundle = load_bundle(ROOT, target)
    pinned = f"{bundle.config['workspace']['file_path']}/requirements.txt"
    for job in bundle.jobs.values():
        for task in (task for task in job["tasks"] if "python_wheel_task" in task):
            assert list(list_installed(job, task)) == [pinned, "dist/*.whl"]


def list_installed(job: dict[str, Any], task: dict[str, Any]) -> Iterator[str]:
    environments = {e["environment_key"]: e["spec"] for e in job.get("environments") or []}
    spec = environments.get(task.get("environment_key"), {})
    for text in spec.get("dependencies", []):
        yield text.removeprefix("-r ").removeprefix("./")
    for library in task.get("libraries") or []:
        yield from library.values()


@pytest.mark.parametrize("target", list_targets(ROOT))
def test_they_are_uploaded(target: str) -> None:
    excluded = load_bundle(ROOT, target).config["sync"]["exclude"]
    assert not [pattern for pattern in excluded if Path("requirements.txt").match(pattern)]


def test_the_page_on_versions_says_what_the_files_pin() -> None:
    table = (ROOT / "docs/pins.md").read_text().split("\n\n")[1]
    rows = [[cell.strip(" `") for cell in row.split("|")] for row in table.splitlines()[2:]]
    missing = {row[1] for row in rows if row[2] not in (ROOT / row[3]).read_text()}
    # A project has one of them.
    assert len(missing) == 1
    assert missing < {"serverless environment", "Databricks Runtime"}
