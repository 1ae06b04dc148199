"""The page that a reviewer of a pull request reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from .agent import show_page
from .bundle_difference import describe_bundle_difference
from .model_comparison import describe_models
from .programs import ask

COVERAGE = "coverage.xml"


def write_report(
    root: Path, base: str, folder: Path, environment: Mapping[str, str] = os.environ
) -> None:
    """Writes `report.md`: tests, coverage of changed lines, bundle and model against `base`.

    Args:
        base: The commit to compare with, such as origin/main.

    Raises:
        Refusal: The commit does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        there = Path(scratch) / root.name
        ask(root, "git", "worktree", "add", "--quiet", "--detach", str(there), base)
        try:
            lines = list(describe_all(root, there, base, folder))
        finally:
            ask(root, "git", "worktree", "remove", "--force", str(there))
    page = folder / "report.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    show_page(page, environment)


def describe_all(root: Path, there: Path, base: str, folder: Path) -> Iterator[str]:
    """The page, section by section."""
    sections: dict[str, Callable[[], Iterator[str]]] = {
        "Tests": lambda: describe_tests(root),
        "Coverage of the changed lines": lambda: describe_coverage(root, base, folder),
        "What it changes in the bundle": lambda: describe_bundle_difference(root, there),
        "What it changes in the model": lambda: describe_models(root, there, base, folder),
    }
    yield f"# What this branch changes, beside {ask(root, 'git', 'rev-parse', '--short', base)}"
    for title, describe in sections.items():
        yield f"\n## {title}\n"
        yield from describe()


def describe_tests(root: Path) -> Iterator[str]:
    """A row for each JUnit file, and the tests that failed."""
    files = sorted(root.glob("junit*.xml"))
    if not files:
        yield "No test has run here: `make test PYTEST=--junitxml=junit.xml`."
        return
    yield "| file | tests | failed | skipped | seconds |"
    yield "|---|---|---|---|---|"
    failed = []
    for file in files:
        cases = list(ElementTree.parse(file).getroot().iter("testcase"))
        bad = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
        skipped = sum(case.find("skipped") is not None for case in cases)
        seconds = sum(float(case.get("time", "0")) for case in cases)
        yield f"| {file.name} | {len(cases)} | {len(bad)} | {skipped} | {seconds:.0f} |"
        failed += [f"- `{case.get('classname')}.{case.get('name')}`" for case in bad]
    yield from ["", *failed] if failed else []


def describe_coverage(root: Path, base: str, folder: Path) -> Iterator[str]:
    """The report of diff-cover on the lines that differ from `base`."""
    if not (root / COVERAGE).exists():
        yield f"There is no {COVERAGE}: `make test PYTEST='--cov=src --cov-report=xml'`."
        return
    page = folder.resolve() / "coverage.md"
    command = [sys.executable, "-m", "diff_cover.diff_cover_tool", COVERAGE]
    options = ["--compare-branch", base, "--format", f"markdown:{page}", "--quiet"]
    done = subprocess.run(
        [*command, *options], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        yield f"diff-cover failed: {done.stderr.strip()}"
        return
    lines = page.read_text(encoding="utf-8").splitlines()
    # Its titles say what ours do.
    yield from (line for line in lines if not line.startswith(("# ", "## Diff: ")))
