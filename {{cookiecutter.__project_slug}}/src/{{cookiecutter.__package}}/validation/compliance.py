"""Checks the record and the files of a version: origin, code, inputs, requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..registry.tags import (
    AS_OF,
    CODE_COMMIT,
    CODE_DIGEST,
    DIGEST,
    EVALUATION_START,
    OWNER,
    PACKAGE_VERSION,
    TRAINING_END,
    TRAINING_START,
    TREE,
)
from ..registry.training_sets import name_trained_tables
from ..settings import is_shared
from ..use_case.problem import PROBLEM
from ..use_case.tables import FEATURE_TABLES, RAW_TABLES
from .case import Case
from .results import CheckResult, Verdict, judge

REQUIRED_TAGS = (
    AS_OF,
    CODE_DIGEST,
    OWNER,
    PACKAGE_VERSION,
    TRAINING_START,
    TRAINING_END,
    EVALUATION_START,
)
COLUMNS = {f"{table.name}.{c.name}": c for table in RAW_TABLES for c in table.columns}


def check_lineage(case: Case) -> Iterator[CheckResult]:
    """The version has a run, metrics, a description, and the tags that identify its training."""
    record = case.record
    missing = [tag for tag in REQUIRED_TAGS if not record.tags.get(tag)]
    missing += [] if record.run_id else ["run"]
    missing += [] if record.metrics else ["metrics"]
    missing += [] if record.description else ["description"]
    trained = name_trained_tables(case.settings).values()
    missing += [f"version of {name}" for name in trained if name not in record.tables]
    yield _report("lineage", [f"{name} is missing" for name in missing], "all is recorded")


def check_code(case: Case) -> Iterator[CheckResult]:
    """The code is that of a commit; other code passes only where nobody but its author works."""
    commit, tree = case.record.tags.get(CODE_COMMIT), case.record.tags.get(TREE)
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
    # The spec also delivers keys and times, which the model does not take.
    faults += [f"the feature spec lacks {n}" for n in inputs if n not in artifact.spec_inputs]
    yield _report("signature", faults, f"{len(inputs)} inputs")


def check_requirements(case: Case) -> Iterator[CheckResult]:
    """Every requirement is pinned to one version."""
    loose = [r for r in case.artifact.requirements if not re.fullmatch(r"[\w.\[\]-]+==[\w.+]+", r)]
    faults = [f"{requirement} is not pinned" for requirement in loose]
    faults += [] if case.artifact.requirements else ["there are none"]
    yield _report("requirements", faults, f"{len(case.artifact.requirements)} are pinned")


def check_inputs(case: Case) -> Iterator[CheckResult]:
    """Each input is declared, with source columns that are neither personal nor forbidden.

    The version looks features up in the declared feature tables and nowhere else.
    """
    sources = PROBLEM.list_input_sources()
    taken = dict.fromkeys((*case.model.inputs, *case.model.first.inputs))
    inputs = [name for name in taken if name not in PROBLEM.row_times]
    faults = [describe_undeclared(name) for name in inputs if name not in sources]
    for name in inputs:
        for source in sources.get(name, ()):
            fault = find_source_fault(source)
            faults += [f"{name} is made of {source}, {fault}"] if fault else []
    tables = {table.full_name(case.settings) for table in FEATURE_TABLES}
    read = [lookup.table_name for lookup in case.model.lookups]
    faults += [
        f"{name} is not a feature table of this project" for name in read if name not in tables
    ]
    yield _report("inputs", faults, f"{len(inputs)} inputs are declared")


def describe_undeclared(name: str) -> str:
    """Says why the model must not use an undeclared input, as far as the contracts know it."""
    raw = [find_source_fault(source) for source in COLUMNS if source.split(".")[1] == name]
    known = next(filter(None, raw), "it may be known only later")
    return f"{name} is not declared: {known}"


def find_source_fault(source: str) -> str | None:
    """Finds the reason why no model may use a `table.column` of the raw tables, if there is one."""
    column = COLUMNS.get(source)
    if column is None:
        return "which no contract knows"
    return "personal data" if column.personal else column.forbidden or None


def check_artifact(case: Case) -> Iterator[CheckResult]:
    """The files are those that training registered."""
    recorded = case.record.tags.get(DIGEST)
    faults = [] if recorded else ["no digest was recorded"]
    if recorded and recorded != case.artifact.digest:
        faults.append("the files are not those that training registered")
    yield _report("artifact", faults, f"digest {case.artifact.digest[:12]}")


def _report(check: str, faults: list[str], fine: str) -> CheckResult:
    return CheckResult(check, judge(not faults), "; ".join(faults) or fine)
