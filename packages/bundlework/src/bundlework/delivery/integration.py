"""The integration test in a workspace: one run of a job, its tasks told as test cases."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.errors import Refusal

from .programs import relay
from .running import record
from .workspace import ask_workspace

# The address of a run ends with its number: .../runs/12?o=1 or .../run/12.
RUN = re.compile(r"/runs?/(\d+)")


def run_integration_test(root: Path, target: str | None, page: Path) -> int:
    """Runs the deployed job, and writes a JUnit file with a case for each of its tasks.

    Returns:
        0 when every task succeeded, else 1.

    Raises:
        Refusal: The CLI is missing.
    """
    bundle = load_bundle(root, target)
    job = bundle.contract.need("jobs.integration_test")
    succeeded, said = run_job(bundle, job)
    number = RUN.search(said)
    tasks = ask_workspace(bundle, "jobs", "get-run", number.group(1))["tasks"] if number else []
    faults = {task["task_key"]: find_fault(bundle, task) for task in tasks}
    if not succeeded and not any(faults.values()):
        faults[job] = said.strip()[-2000:]
    write_junit(page, job, bundle.target, faults)
    return 0 if succeeded else 1


def run_job(bundle: Bundle, job: str) -> tuple[bool, str]:
    """Whether the job succeeded, and what the CLI said while it ran."""
    words = ("databricks", "bundle", "run", job, "--target", bundle.target)
    code, said = relay(bundle.root, words, partial(record, bundle.root))
    return code == 0, said


def find_fault(bundle: Bundle, task: dict[str, Any]) -> str:
    """Why a task did not succeed; nothing when it did."""
    state = task["state"]
    if state.get("result_state") == "SUCCESS":
        return ""
    try:
        output = ask_workspace(bundle, "jobs", "get-run-output", str(task["run_id"]))
    except Refusal as error:
        output = {"error": f"{state.get('state_message', '')}\n{error}".strip()}
    known = output.get("error") or state.get("state_message")
    return str(known or state.get("result_state") or state["life_cycle_state"])


def write_junit(page: Path, job: str, target: str, faults: dict[str, str]) -> None:
    """A test suite with a case for each task; the text of its fault, where it has one."""
    failures = sum(map(bool, faults.values()))
    counts = {"tests": str(len(faults)), "failures": str(failures)}
    suite = ElementTree.Element("testsuite", {"name": f"{job} in {target}", **counts})
    for task, fault in faults.items():
        case = ElementTree.SubElement(suite, "testcase", {"classname": job, "name": task})
        if fault:
            message = fault.splitlines()[0]
            ElementTree.SubElement(case, "failure", {"message": message}).text = fault
    page.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(page, encoding="utf-8", xml_declaration=True)
