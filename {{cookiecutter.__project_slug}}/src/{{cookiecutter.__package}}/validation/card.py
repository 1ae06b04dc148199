"""The model card, which a reviewer reads in two minutes, as Markdown and as one HTML page."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from mlflow import MlflowClient

from ..platform.estimates import NOTHING
from ..platform.problem import LABEL
from ..platform.workspace import Workspace
from ..registry.tags import CODE_COMMIT, OWNER, TRAINING_END, TRAINING_START, TREE
from ..use_case.problem import PROBLEM
from .case import RegisteredCase
from .drawing import draw_intervals
from .pictures import Scored, draw_pictures
from .results import CheckResult, Verdict, decide

# Checks that the card has in a table of their own.
OF_SLICES = ("slice", "slice_primary")
MARKDOWN, PAGE = "model_card.md", "model_card.html"
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%;font-size:14px}"
    "td,th{border-bottom:1px solid #d7dbe0;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "th,.name{white-space:nowrap;overflow-wrap:normal}"
    ".passed{color:#1a7f37}.failed,.inconclusive{color:#b42318;font-weight:600}"
    ".reported{color:#6b7280}h1 small{font-weight:400;color:#6b7280}figure{margin:1rem 0}"
)


def log_card(
    workspace: Workspace, case: RegisteredCase, results: Sequence[CheckResult]
) -> CheckResult:
    """Logs the card on the run that trained the version; without a run there is no card."""
    run = case.record.run_id
    if not run:
        return CheckResult("model_card", Verdict.FAILED, "there is no run that could keep it")
    # The card lists itself among the checks, so that its reader sees all of them.
    card = CheckResult("model_card", Verdict.PASSED, f"{PAGE} of run {run}")
    said = [*results, card, decide([*results, card])]
    workspace.mlflow.log_text(run, "\n".join(write_markdown(case, said)), MARKDOWN)
    workspace.mlflow.log_text(run, write_page(case, said), PAGE)
    return card


def read_page(client: MlflowClient, model_name: str, version: int) -> str:
    """Reads the page of a version that was judged.

    Usage: `displayHTML(read_page(mlflow.MlflowClient(), "prod.models.model", 3))`.

    Raises:
        LookupError: The version has no card.
    """
    run = client.get_model_version(model_name, str(version)).run_id
    if not run or PAGE not in {artifact.path for artifact in client.list_artifacts(run)}:
        raise LookupError(
            f"version {version} of {model_name} has no model card: validate it first, or see what"
            " the check model_card says"
        )
    folder = client.download_artifacts(run, PAGE)
    return Path(folder).read_text(encoding="utf-8")


def write_markdown(case: RegisteredCase, results: Sequence[CheckResult]) -> Iterator[str]:
    """Writes the card without its charts."""
    yield f"# {case.settings.model_name}, version {case.version}\n"
    yield f"**{describe_decision(results)}**\n"
    yield from (f"- {name}: {fact}" for name, fact in list_facts(case))
    yield "\n| check | verdict | what was found |\n|---|---|---|"
    whole = [result for result in results if result.check not in OF_SLICES]
    yield from (f"| {r.name} | {r.verdict} | {flatten(r.reason)} |" for r in whole)
    metric = PROBLEM.kind.primary.name
    yield f"\n## Slices\n\n| slice | {metric} | beside the champion | verdict |\n|---|---|---|---|"
    yield from (f"| {' | '.join(cells)} |" for cells in list_slices(results))
    yield "\n## Inputs\n\n| made of | inputs |\n|---|---|"
    yield from (f"| {source} | {', '.join(names)} |" for source, names in group_inputs(case))
    yield f"\n## Limits\n\n{PROBLEM.limits}"


def flatten(text: str) -> str:
    """Makes a text fit into one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "/")


def write_page(case: RegisteredCase, results: Sequence[CheckResult]) -> str:
    """Writes the card as one page that needs no other file."""
    name = html.escape(case.settings.model_name).replace(".", ".<wbr>")
    title = f"{name} <small>version {case.version}</small>"
    facts = "".join(f"<tr><th>{n}</th><td>{html.escape(f)}</td></tr>" for n, f in list_facts(case))
    decision = html.escape(describe_decision(results))
    parts = [
        f"<h1>{title}</h1><p class='{results[-1].verdict}'>{decision}</p><table>{facts}</table>",
        *_draw_charts(case, results),
        "<h2>Checks</h2><table><tr><th>check</th><th>verdict</th><th>what was found</th></tr>",
        *(_write_row(result) for result in results if result.check not in OF_SLICES),
        f"</table><h2>Slices</h2><table><tr><th>slice</th><th>{PROBLEM.kind.primary.name}</th>"
        "<th>beside the champion</th><th>verdict</th></tr>",
        *(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
            for cells in list_slices(results)
        ),
        "</table><h2>Inputs</h2><table><tr><th>made of</th><th>inputs</th></tr>",
        *(
            f"<tr><td>{html.escape(source)}</td><td>{html.escape(', '.join(names))}</td></tr>"
            for source, names in group_inputs(case)
        ),
        f"</table><h2>Limits</h2><p>{html.escape(PROBLEM.limits)}</p>",
    ]
    head = f"<meta charset='utf-8'><title>Model card</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(parts)}</body></html>"


def _write_row(result: CheckResult) -> str:
    name = f"<td class='name'>{html.escape(result.name)}</td>"
    verdict = f"<td class='name {result.verdict}'>{result.verdict}</td>"
    return f"<tr>{name}{verdict}<td>{html.escape(result.reason)}</td></tr>"


def list_slices(results: Sequence[CheckResult]) -> Iterator[tuple[str, str, str, str]]:
    """Lists name, metric, gain beside the champion and verdict of each slice."""
    found: dict[str, dict[str, CheckResult]] = {}
    for result in results:
        if result.check in OF_SLICES:
            found.setdefault(result.slice, {})[result.check] = result
    for name, checks in found.items():
        judged = checks.get("slice")
        beside = judged.reason.removesuffix(" beside the champion") if judged else "no champion"
        verdict = judged.verdict if judged else Verdict.REPORTED
        yield name, checks["slice_primary"].reason, beside, verdict


def describe_decision(results: Sequence[CheckResult]) -> str:
    """Describes whether the version was accepted or blocked, and why."""
    decision = results[-1]
    said = "Accepted" if decision.verdict is Verdict.PASSED else "Blocked"
    return f"{said}: {decision.reason}"


def list_facts(case: RegisteredCase) -> Iterator[tuple[str, str]]:
    """Lists purpose, owner, data and code of the version."""
    tags = case.record.tags
    champion = case.champion_version
    yield "Predicts", PROBLEM.predicts
    yield "Owner", tags.get(OWNER, "unknown")
    yield (
        "Trained on",
        f"{tags.get(TRAINING_START, '?')[:10]} to {tags.get(TRAINING_END, '?')[:10]}",
    )
    yield "Judged on", str(case.window)
    yield "Compared with", f"champion version {champion}" if champion else "baselines; no champion"
    tables = sorted(case.record.tables.items())
    yield "Tables", ", ".join(f"{name} version {number}" for name, number in tables)
    yield (
        "Code",
        f"commit {tags.get(CODE_COMMIT) or 'unknown'}, tree {tags.get(TREE, 'unknown')}",
    )


def group_inputs(case: RegisteredCase) -> Iterator[tuple[str, list[str]]]:
    """Groups the version's inputs by the columns of the raw tables that they are made of.

    The inputs come from the signature, which is readable even when the model must not be loaded.
    """
    sources = PROBLEM.list_input_sources()
    inputs = [name for name in case.artifact.signature if name not in PROBLEM.row_times]
    named = sorted((", ".join(sources.get(name, ("unknown",))), name) for name in inputs)
    for source, pairs in groupby(named, lambda pair: pair[0]):
        yield source, [name for _, name in pairs]


def _draw_charts(case: RegisteredCase, results: Sequence[CheckResult]) -> Iterator[str]:
    scored = any(r.check == "scores" and r.verdict is Verdict.PASSED for r in results)
    if scored:
        labels = PROBLEM.kind.encode(case.rows[LABEL])
        for title, picture in draw_pictures(PROBLEM.kind, Scored(case.rows, labels, case.scores)):
            yield f"<h2>{title}</h2><figure>{picture}</figure>"
    yield from _draw_slices(results)


def _draw_slices(results: Sequence[CheckResult]) -> Iterator[str]:
    """Draws each slice beside the champion's; for a first model, beside all examples."""
    judged = [r for r in results if r.check == "slice"]
    whole = next((r.estimate for r in results if r.check == "primary" and r.estimate), NOTHING)
    base = 0.0 if judged else whole.value
    metric = PROBLEM.kind.primary.name
    beside = f"{metric} beside that of all {PROBLEM.nouns}"
    title = f"gain in {metric} over the champion" if judged else beside
    shown = judged or [r for r in results if r.check == "slice_primary"]
    rows = [
        (r.slice, r.estimate.shift(-base), r.verdict)
        for r in shown
        if r.estimate and math.isfinite(r.estimate.lower)
    ]
    if rows:
        drawn = draw_intervals(rows, judged[0].threshold if judged else None)
        yield f"<h2>Slices: {title}</h2><figure>{drawn}</figure>"
