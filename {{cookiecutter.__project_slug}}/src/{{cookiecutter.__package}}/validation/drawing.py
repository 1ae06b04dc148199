"""Draws small charts as SVG, so that a page needs no other file."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..platform.estimates import Estimate
from .results import Verdict

COLOURS = {
    Verdict.PASSED: "#1a7f37",
    Verdict.FAILED: "#b42318",
    Verdict.INCONCLUSIVE: "#b42318",
    Verdict.REPORTED: "#9aa1a9",
}
DASHED = " stroke-dasharray='4 4'"
BLACK, BLUE, GREY = "#1b1f24", "#0b5fad", "#9aa1a9"
FONT = f"font-family='system-ui,sans-serif' font-size='12' fill='{BLACK}'"
# On a darker ground, black cannot be read.
DARK = 0.55


@dataclass(frozen=True)
class Bin:
    """Some rows with scores of about one size.

    Attributes:
        expected: The mean of their scores.
        observed: The mean of their labels.
        span: Between these numbers lie most of their labels; None for labels of 0 and 1.
    """

    expected: float
    observed: float
    span: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, ...]:
        """The least and the greatest number that is drawn of it."""
        return (self.expected, self.observed, *(self.span or ()))


def draw_calibration(bins: Sequence[Bin], across: str, upwards: str, label: str = "") -> str:
    """Draws what was observed against what was expected, and the diagonal of calibrated scores.

    Args:
        across, upwards: The names of the axes.
        label: The name of the chart, where there are several.
    """
    size, left, top = 300, 60, 24
    low, high = _find_scale([end for one in bins for end in one.ends])

    def put(across: float, upwards: float) -> tuple[float, float]:
        x, y = ((value - low) / (high - low) * size for value in (across, upwards))
        return left + x, top + size - y

    place = [put(one.expected, one.observed) for one in bins]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{BLUE}'/>" for x, y in place)
    spans = "".join(_draw_span(put, one) for one in bins if one.span)
    ticks = "".join(_draw_tick(put, low + (high - low) * part / 4, low) for part in range(5))
    middle = left + size / 2
    return (
        f"<svg width='{left + size + 30}' height='{top + size + 45}' role='img'"
        f" aria-label='Calibration'>"
        f"<rect x='{left}' y='{top}' width='{size}' height='{size}' fill='none' stroke='#d7dbe0'/>"
        f"<line x1='{left}' y1='{top + size}' x2='{left + size}' y2='{top}' stroke='{GREY}'"
        f"{DASHED}/>{ticks}{spans}"
        f"<polyline points='{path}' fill='none' stroke='{BLUE}' stroke-width='2'/>{dots}"
        f"<text x='{middle}' y='14' text-anchor='middle' {FONT}>{html.escape(label)}</text>"
        f"<text x='{middle}' y='{top + size + 38}' text-anchor='middle' {FONT}>"
        f"{html.escape(across)}</text>"
        f"<text transform='translate(12 {top + size / 2}) rotate(-90)' text-anchor='middle' {FONT}>"
        f"{html.escape(upwards)}</text></svg>"
    )


def _find_scale(values: Sequence[float]) -> tuple[float, float]:
    """Finds a stretch of four round steps that holds all values."""
    least, most = min(0.0, *values), max(values)
    size = 10 ** math.floor(math.log10((most - least) / 4 or 1))
    steps = (size * factor for factor in (1, 2, 2.5, 5, 10, 20))
    for step in steps:
        low = math.floor(least / step) * step
        if low + 4 * step >= most:
            return low, low + 4 * step
    raise AssertionError("the greatest step holds all values")


def _draw_span(put: Callable[[float, float], tuple[float, float]], one: Bin) -> str:
    lower, upper = one.span or (one.observed, one.observed)
    (x, y1), (_, y2) = put(one.expected, lower), put(one.expected, upper)
    return (
        f"<line x1='{x:.1f}' y1='{y1:.1f}' x2='{x:.1f}' y2='{y2:.1f}' stroke='{BLUE}'"
        " stroke-width='6' stroke-opacity='0.2'/>"
    )


def _draw_tick(put: Callable[[float, float], tuple[float, float]], value: float, low: float) -> str:
    (x, bottom), (left, y) = put(value, low), put(low, value)
    return (
        f"<text x='{x:.1f}' y='{bottom + 17:.1f}' text-anchor='middle' {FONT}>{value:.3g}</text>"
        f"<text x='{left - 5:.1f}' y='{y + 4:.1f}' text-anchor='end' {FONT}>{value:.3g}</text>"
    )


def draw_matrix(names: Sequence[str], shares: np.ndarray, across: str, upwards: str) -> str:
    """Draws a table of shares, darker where they are larger.

    Args:
        shares: Between 0 and 1, shape (len(names), len(names)); each row adds up to 1.
        across, upwards: The names of columns and rows.
    """
    size, left, top = 90, 130, 50
    cells = "".join(
        f"<rect x='{left + column * size}' y='{top + row * size}' width='{size}' height='{size}'"
        f" fill='{BLUE}' fill-opacity='{share:.2f}' stroke='#d7dbe0'/>"
        f"<text x='{left + (column + 0.5) * size}' y='{top + (row + 0.5) * size + 4}'"
        f" text-anchor='middle' {FONT if share < DARK else FONT.replace(BLACK, 'white')}>"
        f"{share:.0%}</text>"
        for row, of_row in enumerate(shares.tolist())
        for column, share in enumerate(of_row)
    )
    heads = "".join(
        f"<text x='{left + (place + 0.5) * size}' y='{top - 8}' text-anchor='middle' {FONT}>"
        f"{html.escape(name)}</text>"
        f"<text x='{left - 8}' y='{top + (place + 0.5) * size + 4}' text-anchor='end' {FONT}>"
        f"{html.escape(name)}</text>"
        for place, name in enumerate(names)
    )
    width = len(names) * size
    return (
        f"<svg width='{left + width + 10}' height='{top + width + 10}' role='img'"
        f" aria-label='Confusion'>{cells}{heads}"
        f"<text x='{left + width / 2}' y='16' text-anchor='middle' {FONT}>{html.escape(across)}"
        f"</text><text transform='translate(12 {top + width / 2}) rotate(-90)'"
        f" text-anchor='middle' {FONT}>{html.escape(upwards)}</text></svg>"
    )


def draw_intervals(rows: Sequence[tuple[str, Estimate, Verdict]], threshold: float | None) -> str:
    """Draws a line for each name: its interval, beside zero and the threshold.

    Without a threshold, marks at half the width show the length of an interval.
    """
    width, left, height = 420, 150, 20
    ends = [abs(e.lower) for _, e, _ in rows] + [abs(e.upper) for _, e, _ in rows]
    # A few names have so few rows that their intervals would dwarf the others.
    reach = max(abs(threshold or 0) * 1.2, float(np.nanquantile(ends, 0.8))) or 1.0
    half = float(f"{reach / 2:.1g}")
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
        f" text-anchor='{'end' if v < 0 else 'start'}' {FONT}>{v:.3g}</text>"
        for v in marked
    )
    size = f"width='{left + width + 20}' height='{bottom + 25}'"
    return f"<svg {size} role='img' aria-label='Slices'>{marks}{lines}</svg>"
