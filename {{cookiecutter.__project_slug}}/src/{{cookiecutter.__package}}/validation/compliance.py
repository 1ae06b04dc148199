"""Checks of what a version says of itself: where it comes from and what it may use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..problem import list_input_sources
from ..settings import is_shared
from ..tables import RAW_TABLES
from .evidence import Case
from .results import CheckResult, Verdict, judge

REQUIRED_TAGS = (
    "as_of", "code_digest", "owner", "package_version", "table_versions", "training_start",
    "training_end", "evaluation_start",
)  # fmt: skip
PERSONAL = {f"{t.name}.{c.name}" for t in RAW_TABLES for c in t.columns if c.personal}


def check_lineage(case: Case) -> Iterator[CheckResult]:
    """The version has its run, metrics, model card, and the facts that identify its training."""
    record = case.record
    missing = [tag for tag in REQUIRED_TAGS if not record.tags.get(tag)]
    missing += [] if record.run_id else ["run"]
    missing += [] if record.metrics else ["metrics"]
    missing += [] if record.description else ["model card"]
    yield _report("lineage", [f"{name} is missing" for name in missing], "all is recorded")


def check_code(case: Case) -> Iterator[CheckResult]:
    """The code is a commit's; a tree with changes is let through where only its author works."""
    commit, tree = case.record.tags.get("code_commit"), case.record.tags.get("tree")
    faults = [] if commit else ["the commit is not recorded"]
    faults += [] if tree == "clean" else [f"the tree it was built from is {tree or 'unknown'}"]
    fine = f"commit {commit}"
    if faults and not is_shared(case.settings.target):
        yield CheckResult("code", Verdict.REPORTED, "; ".join(faults))
    else:
        yield _report("code", faults, fine)


def check_signature(case: Case) -> Iterator[CheckResult]:
    """The artifact has signature, input example and feature spec, and they agree with the model."""
    artifact, inputs = case.artifact, case.model.inputs
    faults = [] if artifact.has_example else ["the input example is missing"]
    faults += [f"the signature lacks {n}" for n in inputs if n not in artifact.signature]
    faults += [f"the signature has {n} too" for n in artifact.signature if n not in inputs]
    # The spec delivers keys and times as well, which the model does not take.
    faults += [f"the feature spec lacks {n}" for n in inputs if n not in artifact.spec_inputs]
    yield _report("signature", faults, f"{len(inputs)} inputs")


def check_requirements(case: Case) -> Iterator[CheckResult]:
    """Every requirement is pinned to one version."""
    loose = [r for r in case.artifact.requirements if not re.fullmatch(r"[\w.\[\]-]+==[\w.+]+", r)]
    faults = [f"{requirement} is not pinned" for requirement in loose]
    faults += [] if case.artifact.requirements else ["there are none"]
    yield _report("requirements", faults, f"{len(case.artifact.requirements)} are pinned")


def check_inputs(case: Case) -> Iterator[CheckResult]:
    """Each input is declared with its source columns, and none of these is personal."""
    sources = list_input_sources()
    unknown = [name for name in case.model.inputs if name not in sources]
    faults = [f"{name} is not declared: it may be known only later" for name in unknown]
    for name in case.model.inputs:
        faults += [
            f"{name} is made of {s}, personal data" for s in sources.get(name, ()) if s in PERSONAL
        ]
    yield _report("inputs", faults, f"{len(case.model.inputs)} inputs are declared")


def check_artifact(case: Case) -> Iterator[CheckResult]:
    """The files are those that training registered."""
    recorded = case.record.tags.get("artifact_digest")
    faults = [] if recorded else ["no digest was recorded"]
    if recorded and recorded != case.artifact.digest:
        faults.append("the files are not those that training registered")
    yield _report("artifact", faults, f"digest {case.artifact.digest[:12]}")


def _report(check: str, faults: list[str], fine: str) -> CheckResult:
    return CheckResult(check, judge(not faults), "; ".join(faults) or fine)
