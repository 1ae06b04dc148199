"""Draws small charts as SVG, so that a page needs no other file."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from .results import Verdict
from .statistics import Estimate

COLOURS = {
    Verdict.PASSED: "#1a7f37",
    Verdict.FAILED: "#b42318",
    Verdict.INCONCLUSIVE: "#b42318",
    Verdict.REPORTED: "#9aa1a9",
}
DASHED = " stroke-dasharray='4 4'"
FONT = "font-family='system-ui,sans-serif' font-size='12' fill='#1b1f24'"


def draw_calibration(points: Sequence[tuple[float, float, int]]) -> str:
    """Draws the share of events against the mean score, and the diagonal of a calibrated model.

    Args:
        points: Mean score, share of events and number of rows of each bin.
    """
    size, left = 300, 45
    # The scale is a multiple of a fifth, so that its four steps are round numbers.
    most = math.ceil(5 * max(0.1, *(max(score, share) for score, share, _ in points))) / 5
    place = [(left + s / most * size, 10 + (1 - e / most) * size) for s, e, _ in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='#0b5fad'/>" for x, y in place)
    ticks = "".join(_draw_tick(most * part / 4, part / 4, size, left) for part in range(5))
    return (
        f"<svg width='{size + 70}' height='{size + 55}' role='img' aria-label='Calibration'>"
        f"<rect x='{left}' y='10' width='{size}' height='{size}' fill='none' stroke='#d7dbe0'/>"
        f"<line x1='{left}' y1='{size + 10}' x2='{left + size}' y2='10' stroke='#9aa1a9'"
        f" stroke-dasharray='4 4'/>{ticks}"
        f"<polyline points='{path}' fill='none' stroke='#0b5fad' stroke-width='2'/>{dots}"
        f"<text x='{left + size / 2}' y='{size + 48}' text-anchor='middle' {FONT}>mean score</text>"
        f"<text transform='translate(12 {size / 2}) rotate(-90)' text-anchor='middle' {FONT}>"
        "share of events</text></svg>"
    )


def _draw_tick(value: float, part: float, size: int, left: int) -> str:
    x, y = left + part * size, 10 + (1 - part) * size
    return (
        f"<text x='{x}' y='{size + 27}' text-anchor='middle' {FONT}>{value:.2f}</text>"
        f"<text x='{left - 5}' y='{y + 4}' text-anchor='end' {FONT}>{value:.2f}</text>"
    )


def draw_intervals(rows: Sequence[tuple[str, Estimate, Verdict]], threshold: float | None) -> str:
    """Draws a line for each name: its interval, beside zero and the threshold.

    Without a threshold, marks at half the width show the length of an interval.
    """
    width, left, height = 420, 150, 20
    ends = [abs(e.lower) for _, e, _ in rows] + [abs(e.upper) for _, e, _ in rows]
    farthest = max(end for end in ends if not math.isnan(end))
    reach = max(abs(threshold or 0) * 1.2, min(0.3, farthest))
    half = round(reach / 2, 2)
    marked = [0.0, -half, half] if threshold is None else [0.0, threshold]

    def put(value: float) -> float:
        return left + (min(max(value, -reach), reach) + reach) / (2 * reach) * width

    bottom = len(rows) * height + 10
    lines = "".join(
        f"<text x='{left - 8}' y='{y + 4}' text-anchor='end' {FONT}>{html.escape(name)}</text>"
        f"<line x1='{put(e.lower):.1f}' x2='{put(e.upper):.1f}' y1='{y}' y2='{y}'"
        f" stroke='{COLOURS[verdict]}' stroke-width='2'/>"
        f"<circle cx='{put(e.value):.1f}' cy='{y}' r='3.5' fill='{COLOURS[verdict]}'/>"
        for y, (name, e, verdict) in zip(range(20, bottom + 20, height), rows, strict=False)
    )
    marks = "".join(
        f"<line x1='{put(v):.1f}' x2='{put(v):.1f}' y1='6' y2='{bottom}' stroke='#9aa1a9'"
        f"{DASHED if v else ''}/><text x='{put(v):.1f}' y='{bottom + 16}'"
        f" text-anchor='{'end' if v < 0 else 'start'}' {FONT}>{v:g}</text>"
        for v in marked
    )
    size = f"width='{left + width + 20}' height='{bottom + 25}'"
    return f"<svg {size} role='img' aria-label='Slices'>{marks}{lines}</svg>"
